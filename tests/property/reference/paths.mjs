// Paths: section 6. Every path is walked event by event, for each start anew.
import { compareBytes, eventNames, matchesEvent, readName, valuesOf } from './condition.mjs';
import { groupName, NONE } from './group.mjs';
import { isBookkeeping } from './intake.mjs';
import { parseDuration } from './time.mjs';

function compareLists(a, b) {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareBytes(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

// How many paths, and of how many customers, under each key.
class Tally {
  constructor() {
    this.cells = new Map();
  }

  add(cell, path) {
    const key = JSON.stringify(cell);
    if (!this.cells.has(key)) this.cells.set(key, { cell, paths: [] });
    this.cells.get(key).paths.push(path);
  }

  of(cell) {
    return counted(this.cells.get(JSON.stringify(cell))?.paths ?? []);
  }

  rows() {
    return [...this.cells.values()].map(({ cell, paths }) => ({ cell, ...counted(paths) }));
  }
}

const counted = (paths) => ({ count: paths.length, customers: new Set(paths.map((p) => p.customer)).size });

export class Paths {
  constructor(question, context, asked) {
    this.asked = asked;
    this.question = question;
    this.context = context;
    this.steps = Number(question.steps ?? 4n);
    this.limit = Number(question.limit ?? 50n);
    this.gap = parseDuration(question.gap ?? '30m');
    this.collapse = question.collapse ?? true;
    this.backwards = question.end !== undefined;
    this.matcher = question.start ?? question.end;
    this.by = readName(question.by ?? 'event');
    this.paths = context.customers.flatMap((customer) => this.pathsOf(customer));
  }

  nameOf(customer, event) {
    const [value] = valuesOf(this.by, customer, event);
    return value === undefined ? NONE : groupName(value);
  }

  pathsOf(customer) {
    const { from, to } = this.context.range;
    const named = eventNames(this.matcher);
    const events = customer.events.filter((e) => !isBookkeeping(e.event) || named.includes(e.event));
    if (this.backwards) events.reverse();
    return events.flatMap((event, i) => (event.ts >= from && event.ts < to && matchesEvent(this.matcher, customer, event)
      ? [this.follow(customer, events.slice(i))] : []));
  }

  // { customer, names }: as they are walked, from the start on or from the end back.
  follow(customer, events) {
    const names = [this.nameOf(customer, events[0])];
    for (let i = 1; i < events.length && Math.abs(events[i].ts - events[i - 1].ts) <= this.gap; i++) {
      const name = this.nameOf(customer, events[i]);
      if (this.collapse && name === names.at(-1)) continue;
      if (names.length > this.steps) break;
      names.push(name);
    }
    return { customer, names };
  }

  inTime(names) {
    return this.backwards ? names.toReversed() : names;
  }

  linksOf({ names }) {
    return names.slice(1).map((name, i) => {
      const [from, to] = this.inTime([names[i], name]);
      return { depth: i + 1, from, to };
    });
  }

  answer() {
    const [links, paths] = [new Tally(), new Tally()];
    for (const path of this.paths) {
      for (const link of this.linksOf(path)) links.add(link, path);
      paths.add({ events: this.inTime(path.names) }, path);
    }
    const ranked = (tally, tie) => tally.rows().sort((a, b) => b.count - a.count || tie(a.cell, b.cell)).slice(0, this.limit)
      .map(({ cell, count, customers }) => ({ ...cell, count, customers }));
    const first = this.asked?.answer(); // then exactly what it shows, though nobody went there
    const again = (tally, shown) => shown.map(({ count, customers, ...cell }) => ({ ...cell, ...tally.of(cell) }));
    return {
      kind: 'paths',
      links: first ? again(links, first.links)
        : ranked(links, (a, b) => a.depth - b.depth || compareLists([a.from, a.to], [b.from, b.to])),
      paths: first ? again(paths, first.paths) : ranked(paths, (a, b) => compareLists(a.events, b.events)),
      depths: Array.from({ length: this.steps + 1 }, (_, depth) => ({ depth, ...counted(this.reaching(depth)) })),
      partial: [],
    };
  }

  reaching(depth) {
    return this.paths.filter((p) => p.names.length > depth);
  }

  opened({ path, link, depth = 0n }) {
    if (path !== undefined) return this.paths.filter((p) => compareLists(this.inTime(p.names), path) === 0);
    if (link === undefined) return this.reaching(Number(depth));
    return this.paths.filter((p) => this.linksOf(p).some((l) => (
      l.depth === Number(link.depth) && l.from === link.from && l.to === link.to)));
  }

  open(cell) {
    const found = this.opened(cell);
    const rows = [...new Set(found.map((p) => p.customer))].map((customer) => (
      { customer, value: found.filter((p) => p.customer === customer).length }));
    return { rows, begin: this.context.range.from, end: this.context.range.to };
  }

  severalGroups() {
    return false;
  }
}
