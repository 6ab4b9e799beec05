// JSON in and out with exact whole numbers. Objects are Maps while events are read (order and odd names are
// kept) and plain objects elsewhere.
import { canonical } from './number.mjs';

const SPACE = /[\x20\t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

export function parse(text, { maps = false } = {}) {
  let at = 0;
  const match = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const bad = () => new SyntaxError(`no JSON at ${at}: ${text.slice(at, at + 20)}`);
  const token = (wanted) => {
    match(SPACE);
    if (!text.startsWith(wanted, at)) return false;
    at += wanted.length;
    return true;
  };
  const string = () => {
    match(SPACE);
    const found = match(STRING);
    if (!found) throw bad();
    return JSON.parse(found[0]);
  };
  const list = (close, element) => {
    if (token(close)) return;
    do element(); while (token(','));
    if (!token(close)) throw bad();
  };
  const value = () => {
    match(SPACE);
    if (token('{')) {
      const object = new Map();
      list('}', () => {
        const name = string();
        if (!token(':')) throw bad();
        object.set(name, value());
      });
      return maps ? object : Object.fromEntries(object);
    }
    if (token('[')) {
      const array = [];
      list(']', () => array.push(value()));
      return array;
    }
    if (text[at] === '"') return string();
    for (const [word, meaning] of [['true', true], ['false', false], ['null', null]]) {
      if (token(word)) return meaning;
    }
    const found = match(NUMBER);
    if (!found) throw bad();
    return canonical(found[1] || found[2] ? Number(found[0]) : BigInt(found[0]));
  };
  const root = value();
  match(SPACE);
  if (at !== text.length) throw bad();
  return root;
}

// A number that must be written just so ("5.0", "1e3").
export class Literal {
  constructor(text) {
    this.text = text;
  }
}

export function write(value) {
  if (value instanceof Literal) return value.text;
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = value instanceof Map ? [...value] : Object.entries(value);
  return `{${members.filter(([, v]) => v !== undefined)
    .map(([name, v]) => `${JSON.stringify(name)}:${write(v)}`).join(',')}}`;
}
