// Makes the golden directory of this program's format, where there is none yet: version-N.tar.gz with a data directory that has a file of
// every kind and a backup of it, and version-N.json.gz, what it must answer. One that is there is never made anew: later programs must
// open what was written then. N is the version that MANIFEST bears (docs/formats/manifest.md).
//
//     node tests/golden/directory/make.mjs
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { must, run } from '../../support/firsthand.mjs';
import { ask } from './ask.mjs';

const here = dirname(fileURLToPath(import.meta.url));

// A generator of its own, so that the same events come out every time.
let seed = 20261129;
function random(below) {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor(seed / 4294967296 * below);
}

const WORDS = ['late', 'kind', 'broken', 'fast', 'dear', 'Größe', 'smak', 'delivery', 'refund', '=1+1', '<b>bold</b>', '👍'];
const EVENTS = ['Page Viewed', 'Product Added', 'Order Completed', 'feedback'];

function event(number) {
  const day = 1 + random(27), person = random(40);
  const name = EVENTS[random(EVENTS.length)];
  const ids = random(3) === 0 ? { anonymousId: `a${person}` } : { userId: `u${person}` };
  return {
    ...ids, event: name, message_id: `m${number}`,
    ts: `2026-0${1 + random(3)}-${String(day).padStart(2, '0')}T${String(random(24)).padStart(2, '0')}:${String(random(60)).padStart(2, '0')}:00Z`,
    ...(random(5) === 0 ? { channel: ['web', 'store', 'chat'][random(3)] } : {}),
    ...(name === 'feedback' ? { text: Array.from({ length: 3 + random(9) }, () => WORDS[random(WORDS.length)]).join(' '), scale: 'nps', score: random(11) } : {}),
    ...(random(4) === 0 ? { traits: { plan: ['free', 'pro'][random(2)], age: 18 + random(60), vip: random(2) === 0 } } : {}),
    properties: { page: `/p/${random(9)}`, price: random(10000) / 100, count: random(5), ...(random(6) === 0 ? { note: WORDS[random(WORDS.length)] } : {}) },
  };
}

function take(data, first, count, more = []) {
  const lines = Array.from({ length: count }, (_, i) => JSON.stringify(event(first + i)));
  run(['import', '-', '--format', 'ndjson', '--source', 'shop', '--data', data], { input: [...lines, ...more].join('\n') });
}

const folder = mkdtempSync(join(tmpdir(), 'firsthand-golden-'));
try {
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  must(['config', 'set', 'timezone', 'Europe/Oslo', '--data', data]);
  must(['segment', 'save', 'pro', '-', '--data', data], { input: '{"trait":["plan","=","pro"]}' });
  // Each erasure seals what is fresh, so that there are several segments and runs; what comes after the last one stays in the journal.
  for (let part = 0; part < 4; part++) {
    take(data, part * 150, 150, [
      '{"userId":"u1","event":"","ts":"never"}', // quarantined
      `{"userId":"gone${part}","event":"Page Viewed","ts":"2026-02-01T10:00:00Z","message_id":"gone${part}"}`,
      JSON.stringify({ userId: `u${part}`, anonymousId: `a${part + 20}`, event: 'Signed In', ts: '2026-03-10T10:00:00Z', message_id: `in${part}` }),
      JSON.stringify(event(part * 150)), // a duplicate by its id
    ]);
    if (part === 2) must(['customer', 'split', `anonymous:a${20}`, '--data', data]);
    if (part < 3) must(['erase', `gone${part}`, '--reason', 'golden', '--yes', '--data', data]);
  }
  must(['backup', join(folder, 'backups'), '--data', data]);
  take(data, 600, 20); // after the backup
  const kinds = ['journal', 'segments', 'dedup', 'identity', 'quarantine'];
  for (const kind of kinds) {
    if (readdirSync(join(data, kind)).length === 0) throw new Error(`nothing lies in ${kind}`);
  }
  const version = readFileSync(join(data, 'MANIFEST')).readUInt32LE(8);
  const kept = join(here, `version-${version}.tar.gz`), packed = join(folder, 'packed.tar.gz');
  if (existsSync(kept)) {
    console.log(`${kept} is there already`);
  } else {
    rmSync(join(data, 'lock'), { force: true });
    execFileSync('tar', ['--create', '--gzip', '--owner=0', '--group=0', '--numeric-owner', '--file', packed, '-C', folder, 'data', 'backups']);
    // Asked of what is unpacked: of the very files that later programs get.
    const copy = join(folder, 'copy');
    mkdirSync(copy);
    execFileSync('tar', ['--extract', '--gzip', '--file', packed, '-C', copy]);
    const restored = join(folder, 'restored');
    must(['restore', join(copy, 'backups'), '--data', restored]);
    writeFileSync(join(here, `version-${version}.json.gz`), gzipSync(JSON.stringify({ directory: ask(join(copy, 'data')), backup: ask(restored) }), { level: 9 }));
    copyFileSync(packed, kept);
    console.log(`made ${kept}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
