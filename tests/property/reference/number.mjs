// Numbers without loss: a whole number that fits 64 bits is a BigInt, every other number a double.
// JavaScript compares the two exactly, which is all that the language of questions asks for.

const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;

// 5.0 is 5; 1e300 stays a double, and so does what has digits behind the point.
export function canonical(x) {
  if (typeof x === 'bigint') return x >= INT64_MIN && x <= UINT64_MAX ? x : canonical(Number(x));
  if (!Number.isInteger(x)) return x;
  const whole = BigInt(x);
  return whole >= INT64_MIN && whole <= UINT64_MAX ? whole : x;
}

export const isNumber = (x) => typeof x === 'bigint' || typeof x === 'number';

// Shortest decimal form.
export const shortest = (x) => String(canonical(x));

// Every double is a whole multiple of 2^-1074.
const SCALE = 1074n;

function scaled(x) {
  if (typeof x === 'bigint') return x << SCALE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & ((1n << 52n) - 1n);
  const size = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return bits >> 63n ? -size : size;
}

// The double nearest to n / 2^1074, ties to even.
function rounded(n) {
  const size = n < 0n ? -n : n;
  const excess = size.toString(2).length - 53;
  let result;
  if (excess <= 0) {
    result = Number(size) * Number.MIN_VALUE;
  } else {
    const shift = BigInt(excess);
    let head = size >> shift;
    const rest = size - (head << shift);
    const half = 1n << (shift - 1n);
    if (rest > half || (rest === half && (head & 1n) === 1n)) head += 1n;
    result = Number(head) * 2 ** (excess - 1074);
  }
  return n < 0n ? -result : result;
}

// The exact sum, rounded once.
export function exactSum(numbers) {
  let sum = 0n;
  for (const x of numbers) sum += scaled(x);
  return rounded(sum);
}

// Nearest rank: the least value that at least `percent` of all are not above.
export function nearestRank(numbers, percent) {
  const sorted = [...numbers].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const rank = Math.max(1, Math.ceil((sorted.length * percent) / 100));
  return sorted[rank - 1];
}
