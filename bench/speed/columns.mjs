// Bytes of firsthand's segments by column, from their footers (docs/formats/segment.md), so that a column can be set beside the same
// column of a peer.
import { closeSync, fstatSync, openSync, readSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const KINDS = [null, 'ts', 'event', 'arrival', 'original', 'received_at', 'client_ts', 'sent_at', 'source', 'channel', 'scale', 'score', 'text', 'message_id', 'property', 'trait'];
const [NAMES, COLUMNS, CHUNKS, GROUPS, STATISTICS, CUBES, PLACES, DAYS] = [1, 2, 3, 6, 7, 8, 9, 10];
const PROPERTY = KINDS.indexOf('property');

function sectionsOf(footer) {
  let at = 80 + 16 * footer.readUInt32LE(72);
  const sections = {};
  for (let i = 0; i < footer.readUInt32LE(72); i++) {
    const length = Number(footer.readBigUInt64LE(80 + 16 * i + 8));
    sections[footer.readUInt32LE(80 + 16 * i)] = footer.subarray(at, at + length);
    at += Math.ceil(length / 8) * 8;
  }
  return sections;
}

// The second of the six lists: properties.
function propertiesOf(names) {
  let at = 0;
  const lists = [];
  for (let list = 0; list < 2; list++) {
    lists.push([]);
    const count = names.readUInt32LE(at);
    at += 4;
    for (let i = 0; i < count; i++) {
      const length = names.readUInt16LE(at);
      lists[list].push(names.toString('utf8', at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  return lists[1];
}

const sum = (section, bytes, value) => Array.from({ length: section.length / bytes }, (_, i) => value(i * bytes)).reduce((a, b) => a + b, 0);

// A file may be larger than what is read at once.
function read(descriptor, from, to) {
  const bytes = Buffer.alloc(to - from);
  for (let got = 0; got < bytes.length;) {
    const more = readSync(descriptor, bytes, got, bytes.length - got, from + got);
    if (more === 0) throw new Error(`a segment ends at ${from + got}, before ${to}`);
    got += more;
  }
  return bytes;
}

// The file's own bytes, and its footer.
function openSegment(path) {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const begins = Number(read(descriptor, size - 32, size).readBigUInt64LE(0));
    return { size, footer: read(descriptor, begins, size - 32) };
  } finally {
    closeSync(descriptor);
  }
}

function addSegment(footer, add) {
  const sections = sectionsOf(footer);
  const properties = propertiesOf(sections[NAMES]);
  const columns = sections[COLUMNS];
  for (let at = 0; at < columns.length; at += 48) {
    const name = columns[at] === PROPERTY ? properties[columns.readUInt32LE(at + 4)] : KINDS[columns[at]];
    const first = columns.readUInt32LE(at + 8);
    const chunks = sections[CHUNKS].subarray(24 * first, 24 * (first + columns.readUInt32LE(at + 12)));
    add(name, sum(chunks, 24, (i) => chunks.readUInt32LE(i + 4)) + columns.readUInt32LE(at + 28 - 4));
  }
  add('customers', sum(sections[GROUPS], 32, (i) => sections[GROUPS].readUInt32LE(i + 12)));
  add('counters', Number(sections[STATISTICS].readBigUInt64LE(8)) + Number(sections[STATISTICS].readBigUInt64LE(32)));
  if (sections[CUBES] !== undefined) add('cubes', cubeBytes(sections[CUBES]));
  const places = sections[PLACES];
  if (places !== undefined) add('places', sum(places, 24, (i) => Number(places.readBigUInt64LE(i + 8))));
  const days = sections[DAYS];
  if (days !== undefined) add('days', Number(days.readBigUInt64LE(16)) + sum(days.subarray(32), 32, (i) => Number(days.subarray(32).readBigUInt64LE(i + 16))));
}

function cubeBytes(section) {
  const properties = section.readUInt32LE(0);
  const cubes = section.subarray(8 + 32 * properties);
  return sum(section.subarray(8, 8 + 32 * properties), 32, (i) => Number(section.readBigUInt64LE(8 + i + 16)))
    + sum(cubes, 40, (i) => Number(cubes.readBigUInt64LE(i + 24)));
}

// { COLUMN: bytes } over all segments; what is left of the files is `rest`.
export function columnBytes(folder) {
  const columns = {};
  let rest = 0;
  for (const name of readdirSync(folder)) {
    const { size, footer } = openSegment(join(folder, name));
    rest += size;
    addSegment(footer, (column, bytes) => {
      columns[column] = (columns[column] ?? 0) + bytes;
      rest -= bytes;
    });
  }
  return { ...columns, rest };
}
