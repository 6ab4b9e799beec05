// Funnels: section 6.
import { labelOf, matchesEvent } from './condition.mjs';
import { Breakdown, NONE } from './group.mjs';
import { isBookkeeping } from './intake.mjs';
import { nearestRank } from './number.mjs';
import { parseDuration } from './time.mjs';

const ratio = (part, whole) => (whole === 0 ? null : part / whole);

export class Funnel {
  constructor(question, context, asked) {
    this.question = question;
    this.context = context;
    this.steps = question.steps;
    this.order = question.order ?? 'ordered';
    this.window = parseDuration(question.window);
    this.breakdown = question.breakdown === undefined ? undefined : new Breakdown(question.breakdown, question.limit);
    this.results = context.customers.flatMap((customer) => this.resultsOf(customer));
    this.shown = this.breakdown && (asked?.shown ?? this.rank());
  }

  matches(step, event) {
    return matchesEvent(this.steps[step - 1], event.customer, event);
  }

  // ---- one entry ----------------------------------------------------------------------------------

  // The steps that may be taken when `last` was reached last.
  candidates(last) {
    const found = [];
    for (let step = last + 1; step <= this.steps.length; step++) {
      found.push(step);
      if (!this.steps[step - 1].optional) break;
    }
    return found;
  }

  ends(event, passed) {
    return (this.question.exclude ?? []).some((exclusion) => {
      const [after, before] = (exclusion.between ?? [1, this.steps.length]).map(Number);
      return after <= passed && passed < before && matchesEvent(exclusion, event.customer, event);
    });
  }

  // What becomes of the entry at `start`: `reached` holds [step, event] in the order they were reached.
  follow(start) {
    const reached = [[1, start]];
    const all = this.steps.map((_, i) => i + 1);
    for (const event of start.customer.events.slice(start.place + 1)) {
      if (event.ts > start.ts + this.window || reached.length === this.steps.length) break;
      const any = this.order === 'any';
      const last = reached.at(-1)[0];
      const open = any ? all.filter((s) => !reached.some(([r]) => r === s)) : this.candidates(last);
      if (open.length === 0) break;
      const step = open.find((s) => this.matches(s, event));
      if (step !== undefined) {
        reached.push([step, event]);
        continue;
      }
      if (this.order === 'strict' && all.some((s) => this.matches(s, event))) break;
      if (this.ends(event, any ? reached.length : last)) break;
    }
    return {
      customer: start.customer, start, reached,
      level: this.order === 'any' ? reached.length : reached.at(-1)[0],
    };
  }

  // The event that reached row `k` of the answer.
  at(result, k) {
    if (this.order === 'any') return result.reached[k - 1]?.[1];
    return result.reached.find(([step]) => step === k)?.[1];
  }

  groupsOf(result) {
    if (result.groups) return result.groups;
    const { customer, start } = result;
    const attribution = this.question.attribution ?? 'entry';
    let event = start;
    if ((attribution === 'first' || attribution === 'last') && !this.breakdown.ofCustomer) {
      const own = customer.events.slice(start.place).filter((e) => e.ts <= start.ts + this.window
        && !isBookkeeping(e.event) && this.breakdown.has(customer, e));
      event = attribution === 'first' ? own[0] : own.at(-1);
    } else if (typeof attribution === 'object') {
      event = this.at(result, Number(attribution.step));
    }
    result.groups = event === undefined ? [NONE] : this.breakdown.of(customer, event);
    return result.groups;
  }

  // ---- all entries of a customer ------------------------------------------------------------------

  resultsOf(customer) {
    const { from, to } = this.context.range;
    const starts = customer.events.filter((e) => e.ts >= from && e.ts < to && this.matches(1, e));
    if (this.question.count === 'entries') {
      const taken = [];
      let after = -1;
      for (const start of starts) {
        if (start.place <= after) continue;
        const result = this.follow(start);
        taken.push(result);
        after = result.reached.at(-1)[1].place;
      }
      return taken;
    }
    let best;
    for (const start of starts) {
      const result = this.follow(start);
      if (best === undefined || result.level > best.level) best = result;
    }
    return best === undefined ? [] : [best];
  }

  // ---- the answer ---------------------------------------------------------------------------------

  rank() {
    const ranks = new Map();
    for (const result of this.results) {
      for (const name of this.groupsOf(result)) ranks.set(name, (ranks.get(name) ?? 0) + 1);
    }
    return this.breakdown.shown(ranks);
  }

  inGroup(group) {
    return group === null ? this.results : this.results.filter((r) => this.shown.includes(group, this.groupsOf(r)));
  }

  // The row that a row refers to: in order `any` the reach before, else the nearest earlier required step.
  previousOf(k) {
    let previous = k - 1;
    while (this.order !== 'any' && previous > 1 && this.steps[previous - 1].optional) previous--;
    return previous;
  }

  rows(results) {
    const counts = this.steps.map((_, i) => results.filter((r) => this.at(r, i + 1)).length);
    return this.steps.map((step, i) => {
      const row = { step: i + 1, label: labelOf(step), count: counts[i], rate_from_start: ratio(counts[i], counts[0]) };
      if (i === 0) return { ...row, rate_from_previous: ratio(counts[0], counts[0]), median_ms_from_previous: null };
      const previous = this.previousOf(i + 1);
      const times = results.filter((r) => this.at(r, i + 1))
        .map((r) => this.at(r, i + 1).ts - this.at(r, previous).ts);
      return {
        ...row,
        rate_from_previous: ratio(counts[i], counts[previous - 1]),
        median_ms_from_previous: times.length === 0 ? null : nearestRank(times, 50),
      };
    });
  }

  answer() {
    const answer = { kind: 'funnel', steps: this.rows(this.results) };
    if (this.shown) {
      answer.groups = this.shown.names.map((group) => ({ group, steps: this.rows(this.inGroup(group)) }));
    }
    return { ...answer, partial: [] };
  }

  open({ step, outcome = 'reached', group = null }) {
    const k = Number(step);
    const found = this.inGroup(group).filter((result) => {
      if (outcome === 'reached') return this.at(result, k) !== undefined;
      return this.at(result, this.previousOf(k)) !== undefined && result.level < k;
    });
    const entries = this.question.count === 'entries';
    const rows = [...new Set(found.map((r) => r.customer))].map((customer) => (
      { customer, value: entries ? found.filter((r) => r.customer === customer).length : undefined }));
    return { rows, begin: this.context.range.from, end: this.context.range.to };
  }

  severalGroups() {
    return this.breakdown !== undefined && this.results.some((r) => this.groupsOf(r).length > 1);
  }
}
