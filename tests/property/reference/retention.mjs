// Retention: section 6.
import { matchesEvent } from './condition.mjs';
import { Breakdown } from './group.mjs';
import { cutIntervals, indexIn } from './range.mjs';
import { intervalAfter, intervalsOf } from './time.mjs';

export class Retention {
  constructor(question, context, asked) {
    this.question = question;
    this.context = context;
    this.unit = question.interval ?? 'week';
    this.periods = Number(question.periods ?? 12n);
    this.breakdown = question.breakdown === undefined ? undefined : new Breakdown(question.breakdown, question.limit);
    const { intervals, partial } = cutIntervals(context.zone, this.unit, context.range, context.now);
    this.cohorts = intervals;
    this.partial = partial;
    // The cohort's own interval and those after it: period n of cohort i is calendar[i + n].
    const last = intervalAfter(context.zone, this.unit, intervals.at(-1).begin, this.periods);
    this.calendar = intervalsOf(context.zone, this.unit, intervals[0].begin, last.end);
    this.members = context.customers.flatMap((customer) => this.membersOf(customer));
    this.shown = this.breakdown && (asked?.shown ?? this.rank());
  }

  // { customer, first, cohort }: one for a customer, or with "every" one for each interval it started in.
  membersOf(customer) {
    const { from, to } = this.context.range;
    const starts = customer.events.filter((e) => e.ts >= from && e.ts < to
      && matchesEvent(this.question.start, customer, e));
    const members = starts.map((first) => ({ customer, first, cohort: indexIn(this.cohorts, first.ts) }));
    if (this.question.cohort !== 'every') return members.slice(0, 1);
    return members.filter((m, i) => i === 0 || members[i - 1].cohort !== m.cohort);
  }

  groupsOf({ customer, first }) {
    return this.breakdown.of(customer, first);
  }

  rank() {
    const ranks = new Map();
    for (const member of this.members) {
      for (const name of this.groupsOf(member)) ranks.set(name, (ranks.get(name) ?? 0) + 1);
    }
    return this.breakdown.shown(ranks);
  }

  inGroup(group) {
    return group === null ? this.members : this.members.filter((m) => this.shown.includes(group, this.groupsOf(m)));
  }

  begun(cohort, period) {
    return this.calendar[cohort + period].begin <= this.context.now;
  }

  returned({ customer, first, cohort }, period) {
    const { begin, end } = this.calendar[cohort + period];
    return customer.events.some((e) => e.place > first.place && (e.ts >= begin || period === 0)
      && (e.ts < end || this.question.mode === 'unbounded') && matchesEvent(this.question.return, customer, e));
  }

  rows(members) {
    return this.cohorts.map(({ label }, cohort) => {
      const own = members.filter((m) => m.cohort === cohort);
      const returned = Array.from({ length: this.periods }, (_, period) => (
        this.begun(cohort, period) ? own.filter((m) => this.returned(m, period)).length : null));
      return { start: label, size: own.length, returned };
    });
  }

  answer() {
    const answer = { kind: 'retention', cohorts: this.rows(this.members) };
    if (this.shown) {
      answer.groups = this.shown.names.map((group) => ({ group, cohorts: this.rows(this.inGroup(group)) }));
    }
    return { ...answer, partial: this.partial };
  }

  open({ cohort: label, period, outcome = 'returned', group = null }) {
    const cohort = this.cohorts.findIndex((c) => c.label === label);
    let members = this.inGroup(group).filter((m) => m.cohort === cohort);
    if (period !== undefined) {
      members = members.filter((m) => this.returned(m, Number(period)) === (outcome === 'returned'));
    }
    const { begin } = this.cohorts[cohort];
    const { end } = this.calendar[cohort + Number(period ?? 0n)];
    return { rows: members.map(({ customer }) => ({ customer })), begin, end };
  }

  severalGroups() {
    return this.breakdown !== undefined && this.members.some((m) => this.groupsOf(m).length > 1);
  }
}
