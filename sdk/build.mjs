// Builds the browser snippet into a directory: node build.mjs OUTDIR
//
// Writes sdk/firsthand.js and sdk/surveys.js, each also under a name with the hash of its content,
// a .gz twin of each, and manifest.txt as web/build.mjs does. The server embeds what the manifest
// names. Fails when a script is over its budget: other people's pages wait for these bytes.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

export const CORE_BUDGET_BYTES = 5 * 1024;
export const ALL_BUDGET_BYTES = 15 * 1024;
const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) {
  console.error("usage: node build.mjs OUTDIR");
  process.exit(2);
}

await rm(join(out, "sdk"), { recursive: true, force: true });
await mkdir(join(out, "sdk"), { recursive: true });

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: ["es2020", "chrome88", "firefox101", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  mangleProps: /^[a-z]\w*_$/,
  logLevel: "warning",
  write: false,
};
// A classic script: it must know its own address (document.currentScript) and run before the page is whole.
const core = await build({ ...common, entryPoints: ["src/firsthand.ts"], format: "iife" });
// A module: loaded by import(), which a policy with a nonce or with trusted types lets pass.
const surveys = await build({ ...common, entryPoints: ["src/surveys.ts"], format: "esm", mangleCache: core.mangleCache });

const lines = [];
const packedBytes = {};
for (const [name, result] of [["firsthand", core], ["surveys", surveys]]) {
  const bytes = Buffer.from(result.outputFiles[0].contents);
  const packed = gzipSync(bytes, { level: 9 });
  // The time of packing in the header of gzip would make each build differ; zero is "none".
  packed.fill(0, 4, 8);
  packedBytes[name] = packed.length;
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
  for (const file of [`sdk/${name}.js`, `sdk/${name}-${hash}.js`]) {
    await writeFile(join(out, file), bytes);
    await writeFile(join(out, `${file}.gz`), packed);
    lines.push([`/${file}`, "text/javascript;charset=utf-8", file].join("\t"));
  }
  console.log(`${String(packed.length).padStart(8)} gz ${String(bytes.length).padStart(8)}  sdk/${name}.js`);
}
await writeFile(join(out, "manifest.txt"), `${lines.join("\n")}\n`);
const all = packedBytes.firsthand + packedBytes.surveys;
if (packedBytes.firsthand > CORE_BUDGET_BYTES || all > ALL_BUDGET_BYTES) {
  console.error(`over the budget: ${packedBytes.firsthand} of ${CORE_BUDGET_BYTES} gz, with surveys ${all} of ${ALL_BUDGET_BYTES}`);
  process.exit(1);
}
