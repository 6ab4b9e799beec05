// Builds the interface into a directory: node build.mjs OUTDIR
//
// Writes index.html, assets/NAME-HASH.{js,css,svg}, a .gz twin of each, and manifest.txt, one line
// per file: the path it is served at, its media type and the file, separated by tabs. The server
// embeds what the manifest names. Pages that few open at first (routes.tsx) are chunks of their own; what a first
// visit loads must stay within the budget.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 150 * 1024;
const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) {
  console.error("usage: node build.mjs OUTDIR");
  process.exit(2);
}

const types = {
  js: "text/javascript;charset=utf-8",
  css: "text/css;charset=utf-8",
  svg: "image/svg+xml",
  html: "text/html;charset=utf-8",
};

await rm(join(out, "assets"), { recursive: true, force: true });
await mkdir(join(out, "assets"), { recursive: true });

const shared = {
  absWorkingDir: here,
  outdir: out,
  entryNames: "assets/[name]-[hash]",
  chunkNames: "assets/[name]-[hash]",
  bundle: true,
  minify: true,
  target: ["es2022", "chrome123", "firefox120", "safari17.5"],
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  metafile: true,
  logLevel: "warning",
  // The style of a part that comes later comes with it, as text (parts/style.ts).
  loader: { ".later.css": "text" },
};
const boot = await build({ ...shared, entryPoints: { boot: "src/boot.ts" }, format: "iife" });
const app = await build({ ...shared, entryPoints: { app: "src/main.tsx" }, format: "esm", splitting: true });

const outputs = { ...boot.metafile.outputs, ...app.metafile.outputs };
const inOut = (path) => relative(out, join(here, path));
const built = Object.keys(outputs).map(inOut);
const named = (name, ext) => {
  const hit = built.find((path) => path.startsWith(`assets/${name}-`) && path.endsWith(`.${ext}`));
  if (!hit) throw new Error(`the build made no ${name}.${ext}`);
  return hit;
};

/** What a module imports at once, and what that imports: it is there before the module runs. */
function withImports(path, seen = new Set()) {
  if (seen.has(path)) return seen;
  seen.add(path);
  const [, made] = Object.entries(outputs).find(([each]) => inOut(each) === path);
  for (const next of made.imports) if (next.kind === "import-statement") withImports(inOut(next.path), seen);
  return seen;
}
const appModules = [...withImports(named("app", "js"))];

const mark = await readFile(join(here, "static/mark.svg"));
const markPath = `assets/mark-${createHash("sha256").update(mark).digest("hex").slice(0, 8).toUpperCase()}.svg`;
await writeFile(join(out, markPath), mark);

const page = (await readFile(join(here, "static/index.html"), "utf8"))
  .replace("%BOOT%", `/${named("boot", "js")}`)
  .replace("%APP%", `/${named("app", "js")}`)
  .replace("%CSS%", `/${named("app", "css")}`)
  .replace("%MARK%", `/${markPath}`)
  .replace("%PRELOAD%", appModules.slice(1).map((path) => `<link rel="modulepreload" href="/${path}">\n`).join(""));
await writeFile(join(out, "index.html"), page);

const files = ["index.html", ...built.filter((path) => /\.(js|css)$/.test(path)).sort(), markPath];
const first = new Set(["index.html", named("boot", "js"), named("app", "css"), markPath, ...appModules]);
let total = 0;
const lines = [];
for (const file of files) {
  const bytes = await readFile(join(out, file));
  const packed = gzipSync(bytes, { level: 9 });
  // The time of packing in the header of gzip would make each build differ; zero is "none".
  packed.fill(0, 4, 8);
  await writeFile(join(out, `${file}.gz`), packed);
  if (first.has(file)) total += packed.length;
  const served = file === "index.html" ? "/" : `/${file}`;
  lines.push([served, types[file.split(".").pop()], file].join("\t"));
  console.log(`${String(packed.length).padStart(8)} gz ${String(bytes.length).padStart(8)}  ${file}${first.has(file) ? "" : "  (later)"}`);
}
await writeFile(join(out, "manifest.txt"), `${lines.join("\n")}\n`);
console.log(`${String(total).padStart(8)} gz on a first visit, budget ${BUDGET_BYTES}`);
if (total > BUDGET_BYTES) {
  console.error("over the budget of a first visit");
  process.exit(1);
}
