// Lists of customers: the kind `customers`, and what opening a number answers (sections 6, 7, 9).
import { compareBytes, readTraitName, valuesOf } from './condition.mjs';
import { canonical, isNumber, shortest } from './number.mjs';
import { formatInstant } from './time.mjs';

const OWN_COLUMNS = new Set(['first_seen', 'last_seen', 'events']);

// A column or a trait, with `customer.` before it or without.
export const sortName = (sort) => readTraitName(sort.startsWith('customer.') ? sort.slice('customer.'.length) : sort);

// What a row is sorted by: one value, or undefined where it is missing.
function keyOf(sort, { customer, value }) {
  if (sort === 'value' && value !== undefined) return canonical(value);
  const name = sortName(sort);
  if (name.kind === 'built-in' && OWN_COLUMNS.has(name.name) && customer.count === 0) return undefined;
  return valuesOf(name, customer, undefined)[0];
}

const typeRank = (value) => (isNumber(value) ? 0 : typeof value === 'string' ? 1 : 2);

function compareKeys(a, b) {
  if (typeRank(a) !== typeRank(b)) return typeRank(a) - typeRank(b);
  if (typeof a === 'string') return compareBytes(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

export function sorted(rows, sort = '-last_seen') {
  const descending = sort.startsWith('-');
  const by = descending ? sort.slice(1) : sort;
  const keyed = rows.map((row) => ({ row, key: keyOf(by, row) }));
  keyed.sort((a, b) => {
    const missing = Number(a.key === undefined) - Number(b.key === undefined);
    if (missing !== 0) return missing;
    const order = a.key === undefined ? 0 : compareKeys(a.key, b.key);
    return (descending ? -order : order) || compareBytes(a.row.customer.id, b.row.customer.id);
  });
  return keyed.map(({ row }) => row);
}

const instantOrNull = (ms) => (ms === undefined ? null : formatInstant(ms));

export function traitsOf(customer) {
  const traits = {};
  for (const [name, values] of customer.traits) traits[name] = values.length === 1 ? values[0] : values;
  return traits;
}

function show({ customer, value }) {
  return {
    id: customer.id,
    first_seen: instantOrNull(customer.firstSeen),
    last_seen: instantOrNull(customer.lastSeen),
    events: customer.count,
    traits: traitsOf(customer),
    ...(value === undefined ? {} : { value }),
  };
}

// One page. `skip` stands for the cursor, which only the server can read; `cursor` is whether there is more.
export function page(rows, { sort, limit = 50n } = {}, skip = 0) {
  const all = sorted(rows, sort);
  const shown = all.slice(skip, skip + Number(limit));
  return { total: all.length, customers: shown.map(show), cursor: skip + shown.length < all.length };
}

// Case is folded as in `contains`.
export function searched(customers, text) {
  const pattern = new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'iu');
  const written = (value) => (isNumber(value) ? shortest(value) : String(value));
  return customers.filter((customer) => [
    customer.id, ...customer.identifiers.map((i) => i.value), ...customer.accounts, ...[...customer.traits.values()].flat().map(written),
  ].some((part) => pattern.test(part)));
}
