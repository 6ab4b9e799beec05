// Mutated requests, as bytes: what strangers may send to a port. From whole requests to every route, by a seeded generator:
// bytes turned, cut, doubled; headers repeated and folded; lengths and chunks that lie; JSON without end; what is no gzip.
import { deflateSync, gzipSync } from 'node:zlib';

export class Random {
  constructor(seed) { this.state = BigInt(seed) ^ 0x9e3779b97f4a7c15n; }
  next() { // SplitMix64
    this.state = (this.state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
    let z = this.state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
    return Number((z ^ (z >> 31n)) >> 11n);
  }
  below(n) { return this.next() % n; }
  pick(list) { return list[this.below(list.length)]; }
  chance(percent) { return this.below(100) < percent; }
}

const numbers = ['0', '-1', '1e309', '9007199254740993', '18446744073709551616', '0x10', '1_000', '+5', ' 5', '5 ', '٥', 'NaN', '1'.repeat(400)];
const texts = ['', '\u0000', '\ud800', '%', '%zz', '%00', '../../etc/passwd', "' OR 1=1 --", '<script>1</script>', '=cmd|x', '\u202e', '\u001b[2J', 'x'.repeat(9000), '🦀', 'null', '{}', '/', '#'];
// Half a character has no form in a URL but its bytes.
const escaped = (text) => (text === '\ud800' ? '%ED%A0%80' : encodeURIComponent(text));
const events = (random) => ({
  userId: random.pick(['ann', 'bob', ...texts]), event: random.pick(['E', 'Order', ...texts]),
  ts: random.pick(['2026-01-01T00:00:00Z', '0000-00-00', '9999-12-31T23:59:60Z', ...numbers]), properties: { a: random.pick([1, true, null, [], {}, ...texts]) },
});
const bodies = [
  (random) => JSON.stringify(Array.from({ length: random.below(4) }, () => events(random))),
  (random) => JSON.stringify({ batch: [{ type: random.pick(['track', 'identify', 'alias', 'x']), ...events(random) }], api_key: 'k' }),
  (random) => JSON.stringify({ kind: random.pick(['trend', 'funnel', 'retention', 'paths', 'segment', 'intervals', 'x']), series: [{ event: random.pick(texts) }], steps: [{ event: 'E' }, { event: 'F' }],
    range: { from: random.pick(['2026-01-01', ...texts]), to: random.pick(['2026-02-01', ...texts]) }, window: random.pick(['7d', ...numbers]), limit: random.pick(numbers) }),
  (random) => JSON.stringify({ sql: random.pick(['SELECT 1', 'SELECT * FROM events', 'PRAGMA x', "SELECT load_extension('x')", ...texts]), name: random.pick(texts), id: random.pick(numbers) }),
  (random) => '['.repeat(random.below(60000)) + random.pick(['', '1', ']']),
  (random) => '{"a":'.repeat(random.below(20000)),
  (random) => random.pick(texts),
  (random) => `data=${encodeURIComponent(Buffer.from(JSON.stringify(events(random))).toString('base64'))}`,
];

const line = (name, value) => `${name}: ${value}\r\n`;

// One whole and well-meant request.
function wellMeant(random, routes, keys) {
  const route = random.pick(routes);
  const path = route.path.replace(/\{[^}]+\}/g, () => escaped(random.pick(['1', 'no-such', ...texts])).slice(0, 200));
  const query = random.chance(30) ? `?${random.pick(['limit', 'from', 'q', 'cursor', 'range', 'x'])}=${escaped(random.pick([...numbers, ...texts])).slice(0, 300)}` : '';
  let body = route.method === 'GET' || route.method === 'DELETE' ? '' : Buffer.from(random.pick(bodies)(random), 'utf8');
  let head = `${route.method} ${path}${query} HTTP/1.1\r\n${line('Host', 'localhost')}`;
  if (random.chance(90)) head += line('Authorization', `Bearer ${random.pick(keys)}`);
  if (random.chance(10)) head += line('Cookie', `__Host-session=${random.pick(texts)}; a=${random.pick(texts)}`.replace(/[\r\n\0]/g, ''));
  if (body.length > 0) {
    head += line('Content-Type', random.pick(['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']));
    if (random.chance(15)) {
      body = random.pick([gzipSync, deflateSync])(body);
      head += line('Content-Encoding', random.pick(['gzip', 'deflate', 'br', 'gzip, gzip', 'identity']));
    }
  }
  return { head, body: Buffer.from(body) };
}

// How the body's end is told: rightly, or in one of the ways that two servers may read differently.
function framed({ head, body }, random) {
  const length = line('Content-Length', body.length);
  const chunk = (size, bytes) => Buffer.concat([Buffer.from(`${size}\r\n`), bytes, Buffer.from('\r\n')]);
  const chunked = (size) => Buffer.concat([chunk(size ?? body.length.toString(16), body), Buffer.from('0\r\n\r\n')]);
  const whole = (headers, bytes) => Buffer.concat([Buffer.from(`${head}${headers}\r\n`, 'latin1'), bytes]);
  const told = line('Transfer-Encoding', 'chunked');
  const plain = [
    () => whole(length, body), () => whole(length, body), () => whole(length, body), () => whole(length, body),
    () => whole(told, chunked()),
    () => whole(line('Content-Length', random.pick(numbers)), body),
    () => whole(told, chunked(random.pick(['-1', 'ffffffffffffffff', '10000000000000000', '0x5', '5;a=b', '5 ', 'g', '']))),
    () => whole(told, Buffer.concat([chunked(), Buffer.from('Content-Length: 5\r\n\r\n')])),
    () => whole('', body),
    () => whole(length + line('Expect', random.pick(['100-continue', 'x'])), body),
    () => whole(length + line('Connection', random.pick(['close', 'keep-alive', 'upgrade', 'Content-Length'])) + line('Upgrade', 'h2c'), body),
  ];
  const twofold = [
    () => whole(length + told, chunked()), () => whole(told + length, body),
    () => whole(length + line('Content-Length', body.length + 1), body),
    () => whole(line('Transfer-Encoding', random.pick(['xchunked', 'chunked, identity', 'gzip, chunked', 'chunked, chunked'])), chunked()),
    () => whole(length + line('Transfer-Encoding', random.pick(['xchunked', '\x0bchunked', 'identity'])), body),
    () => whole(`${length}Transfer-Encoding : chunked\r\n`, chunked()), () => whole(`${length}Transfer-Encoding:\r\n chunked\r\n`, chunked()),
    () => whole(`${length} Transfer-Encoding: chunked\r\n`, chunked()),
  ];
  const ambiguous = random.chance(30);
  return { bytes: random.pick(ambiguous ? twofold : plain)(), ambiguous };
}

function bruise(bytes, random) {
  const out = Buffer.from(bytes);
  const at = random.below(Math.max(1, out.length));
  const to = Math.min(out.length, at + 1 + random.below(40));
  switch (random.below(9)) {
    case 0: if (out.length > 0) out[at] ^= 1 << random.below(8); return out;
    case 1: if (out.length > 0) out[at] = random.below(256); return out;
    case 2: return Buffer.concat([out.subarray(0, at), out.subarray(to)]);
    case 3: return Buffer.concat([out.subarray(0, to), out.subarray(at, to), out.subarray(to)]);
    case 4: return out.subarray(0, at);
    case 5: return Buffer.concat([out.subarray(0, at), Buffer.from(random.pick(['\r\n', '\n', '\0', '\r', ': ', ' ', '\t', '\xff', '\r\n\r\n', 'GET / HTTP/1.1\r\n']), 'latin1'), out.subarray(at)]);
    case 6: return Buffer.concat([out, Buffer.from(`X-${'a'.repeat(random.below(70000))}: b\r\n\r\n`)]);
    case 7: return Buffer.concat([out, out]);
    default: return Buffer.from(out.toString('latin1').replace('HTTP/1.1', random.pick(['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.10', 'http/1.1', '', 'HTTP/1.1 x'])), 'latin1');
  }
}

// The bytes, and whether two servers in a row might see another end of the request in them: that must never be taken.
export function mutated(random, routes, keys) {
  let { bytes, ambiguous } = framed(wellMeant(random, routes, keys), random);
  for (let n = random.pick([0, 0, 1, 1, 2, 3, 6]); n > 0; n--) {
    bytes = bruise(bytes, random);
    ambiguous = false;
  }
  return { bytes, ambiguous };
}
