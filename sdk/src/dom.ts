// Elements out of parts. Texts are text nodes always: no markup is ever parsed.
import { guard } from "./kit";

export type Part = Node | string | false | null | undefined;
type Given = Record<string, string | number | boolean | undefined | ((event: never) => void)>;

/** h("button", { type: "button", onclick }, "Send"). Members named on* are listeners, others attributes. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, given: Given, ...parts: Part[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const name of Object.keys(given)) {
    const value = given[name];
    if (typeof value === "function") element.addEventListener(name.slice(2), guard(value as (event: Event) => void));
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...parts.filter((part): part is Node | string => !!part));
  return element;
}

export const CSS = `
:host{all:initial!important;position:fixed!important;z-index:2147483000!important;inset:auto 0 0 auto!important;display:block!important;max-width:100%!important;color-scheme:light dark;-webkit-text-size-adjust:100%}
:host([data-fh=start]){inset:auto auto 0 0!important}
:host([hidden]){display:none!important}
*{box-sizing:border-box;font:inherit;color:inherit}
.box,.tab{font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;background:var(--b);color:var(--t);--l:color-mix(in srgb,var(--t) 58%,var(--b))}
.box{position:relative;width:390px;max-width:calc(100vw - 16px);max-height:calc(100vh - 16px);max-height:calc(100dvh - 16px);overflow:auto;margin:8px;padding:20px;border:1px solid var(--l);border-radius:12px;box-shadow:0 8px 32px #0003;overflow-wrap:anywhere;text-align:start}
h2,legend{font-weight:600;margin:0;padding:0 34px 0 0;font-size:17px;line-height:1.35;outline-offset:4px}
[dir=rtl] h2,[dir=rtl] .q>legend{padding:0 0 0 34px}
legend{float:none;width:100%}
p{margin:6px 0 0}
.dim{color:color-mix(in srgb,var(--t) 78%,var(--b));font-size:13px}
fieldset{border:0;margin:0;padding:0;min-width:0}
.f{margin-top:14px}
.row{display:grid;grid-template-columns:repeat(auto-fit,minmax(28px,1fr));gap:3px}
@media(max-width:380px){.row{grid-template-columns:repeat(auto-fit,minmax(36px,1fr))}}
.ends{display:flex;justify-content:space-between;gap:12px;margin-top:6px}
.list{display:grid;gap:6px}
label{display:block;position:relative;cursor:pointer}
.c>span{display:flex;align-items:center;justify-content:center;min-height:40px;padding:6px;border:1px solid var(--l);border-radius:8px;text-align:center}
.list .c>span{justify-content:flex-start;text-align:start;padding:8px 12px;gap:10px}
.list .c>span:before{content:"";flex:none;width:14px;height:14px;border:1px solid currentColor;border-radius:50%}
.list .c>[type=checkbox]+span:before{border-radius:3px}
.c>input{position:absolute;opacity:0;inset:0;width:100%;height:100%;margin:0;cursor:pointer}
.c>input:checked+span{background:var(--a);color:var(--at);border-color:var(--a)}
.list .c>input:checked+span:before{background:currentColor;box-shadow:inset 0 0 0 3px var(--a)}
.c>input:focus-visible+span,button:focus-visible,h2:focus-visible,legend:focus-visible,textarea:focus-visible,.i:focus-visible{outline:3px solid var(--a);outline-offset:2px}
.row .c>span{padding:6px 1px}
.star>span{font-size:24px;line-height:1;padding:4px}
.star:has(~.star :checked)>span{background:var(--a);color:var(--at);border-color:var(--a)}
[aria-disabled]{opacity:.5}
textarea,.i{width:100%;padding:10px;border:1px solid var(--l);border-radius:8px;background:transparent;min-height:42px}
textarea{min-height:92px;resize:vertical;display:block}
button{cursor:pointer;min-height:40px;padding:8px 16px;border:1px solid var(--l);border-radius:8px;background:transparent}
.go{background:var(--a);color:var(--at);border-color:var(--a);font-weight:600}
.x{position:absolute;top:10px;inset-inline-end:10px;min-height:32px;width:32px;padding:0;border-color:transparent;font-size:20px;line-height:1}
.bar{display:flex;gap:8px;margin-top:16px;align-items:center;flex-wrap:wrap}
.bar .go{margin-inline-start:auto}
ol{list-style:none;margin:0;padding:0;display:grid;gap:6px}
li{display:flex;align-items:center;gap:6px;border:1px solid var(--l);border-radius:8px;padding:4px 4px 4px 12px}
li>span{flex:1}
li button{min-width:36px;padding:4px}
.m{margin-top:10px}
.m legend{font-size:14px;font-weight:500;padding:0 0 4px}
.err{font-weight:600}
.err:not(:empty):before{content:"! "}
.tab{display:block;margin:12px;border-radius:20px;background:var(--a);color:var(--at);border-color:var(--a);font-weight:600;box-shadow:0 2px 10px #0003}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (prefers-reduced-motion:no-preference){.box{animation:in .18s ease-out}@keyframes in{from{opacity:0;transform:translateY(8px)}}}
@media (forced-colors:active){.c>input:checked+span{forced-color-adjust:none;background:Highlight;color:HighlightText}}
@media print{:host{visibility:hidden!important}}
`;
