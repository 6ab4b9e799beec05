// Breakdowns: which groups there are, in which order, and who belongs to which: section 4.
import { compareBytes, readName, valuesOf } from './condition.mjs';
import { isNumber, shortest } from './number.mjs';
import { formatInstant, parseInstant } from './time.mjs';

export const NONE = '(none)';
export const OTHER = '(other)';

export function groupName(value) {
  if (isNumber(value)) return shortest(value);
  if (typeof value === 'boolean') return String(value);
  const instant = parseInstant(value);
  return instant === undefined ? value : formatInstant(instant);
}

function binName(number, edges) {
  const place = edges.findIndex((edge) => number < edge);
  if (place === 0) return `<${shortest(edges[0])}`;
  if (place === -1) return `>=${shortest(edges.at(-1))}`;
  return `[${shortest(edges[place - 1])},${shortest(edges[place])})`;
}

function binOrder(edges) {
  const inner = edges.slice(0, -1).map((edge, i) => `[${shortest(edge)},${shortest(edges[i + 1])})`);
  return [`<${shortest(edges[0])}`, ...inner, `>=${shortest(edges.at(-1))}`, NONE];
}

export class Breakdown {
  constructor(breakdown, limit = 10n) {
    const binned = typeof breakdown === 'object';
    this.written = binned ? breakdown.by : breakdown;
    this.name = readName(this.written);
    this.edges = binned ? breakdown.bins : undefined;
    this.limit = Number(limit);
  }

  // Is it about the customer, whatever the event?
  get ofCustomer() {
    return this.name.kind === 'trait' || this.name.kind === 'built-in';
  }

  // The names of all groups that an event falls into, each once.
  of(customer, event) {
    const values = event === undefined ? [] : valuesOf(this.name, customer, event);
    const names = this.edges
      ? values.filter(isNumber).map((v) => binName(v, this.edges))
      : values.map(groupName);
    return names.length === 0 ? [NONE] : [...new Set(names)];
  }

  has(customer, event) {
    return valuesOf(this.name, customer, event).length > 0;
  }

  // From a Map of group name → rank to the groups that are shown, in order.
  shown(ranks) {
    if (this.edges) return new Shown(binOrder(this.edges).filter((name) => ranks.has(name)), false);
    const names = [...ranks.keys()].filter((name) => name !== OTHER)
      .sort((a, b) => (ranks.get(a) > ranks.get(b) ? -1 : ranks.get(a) < ranks.get(b) ? 1 : compareBytes(a, b)));
    const rest = names.length > this.limit || ranks.has(OTHER);
    return new Shown(names.slice(0, this.limit), rest);
  }
}

class Shown {
  constructor(names, rest) {
    this.kept = new Set(names);
    this.rest = rest;
    this.names = rest ? [...names, OTHER] : names;
  }

  // Is what falls into `groups` counted in the group shown as `name`?
  includes(name, groups) {
    return name === OTHER ? groups.some((g) => !this.kept.has(g)) : groups.includes(name);
  }
}
