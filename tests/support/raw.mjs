// Searches the raw bytes of a directory for a word, in every form in which bytes of ours could hold it: as it stands, in
// UTF-16, escaped as JSON or percent do, in base64 at any place of a group, and all that inside of zstd frames and gzip.
import { decompress } from 'fzstd';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

// What stands in base64 wherever the word begins: the digits that no neighbour has a part in.
function base64Forms(word) {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.from('x'.repeat(shift) + word).toString('base64').replace(/=+$/, '');
    return text.slice(shift === 0 ? 0 : shift + 1, text.length - 1);
  });
}

export function formsOf(word) {
  const bytes = Buffer.from(word);
  return [
    bytes,
    Buffer.from(word, 'utf16le'),
    Buffer.from(word, 'utf16le').swap16(),
    Buffer.from([...word].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')),
    Buffer.from([...bytes].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('')),
    ...base64Forms(word).map((form) => Buffer.from(form)),
  ];
}

const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);

// The bytes of the frame of zstd that begins at `at`, found by its blocks' headers (RFC 8878): what lies behind it is none
// of it.
function frameAt(bytes, at) {
  const descriptor = bytes[at + 4];
  const single = (descriptor >> 5) & 1;
  const sizeBytes = [single, 2, 4, 8][descriptor >> 6];
  let end = at + 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3] + sizeBytes;
  for (let last = 0; !last;) {
    if (end + 3 > bytes.length) return undefined;
    const header = bytes.readUIntLE(end, 3);
    last = header & 1;
    end += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
  }
  end += (descriptor & 4) ? 4 : 0;
  return end <= bytes.length ? bytes.subarray(at, end) : undefined;
}

// The bytes, and whatever is packed inside of them.
function* layers(bytes) {
  yield bytes;
  for (let at = bytes.indexOf(ZSTD); at >= 0; at = bytes.indexOf(ZSTD, at + 1)) {
    const frame = frameAt(bytes, at);
    try { if (frame) yield Buffer.from(decompress(frame)); } catch { /* no frame: bytes that look like one */ }
  }
  for (let at = bytes.indexOf(GZIP); at >= 0; at = bytes.indexOf(GZIP, at + 1)) {
    try { yield gunzipSync(bytes.subarray(at)); } catch { /* likewise */ }
  }
}

function* files(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (entry.isFile()) yield path;
  }
}

// [path, word] of everything that is found.
export function rawSearch(directory, words) {
  const found = [];
  const wanted = words.map((word) => [word, formsOf(word)]);
  for (const path of files(directory)) {
    for (const layer of layers(readFileSync(path))) {
      for (const [word, forms] of wanted) {
        if (forms.some((form) => layer.includes(form))) found.push([path, word]);
      }
    }
  }
  return found;
}
