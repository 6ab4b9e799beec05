// Randomness that a seed repeats.

export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  // mulberry32
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  // 0 to n - 1.
  below(n) {
    return Math.floor(this.next() * n);
  }

  between(least, most) {
    return least + this.below(most - least + 1);
  }

  chance(probability) {
    return this.next() < probability;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  // Between `least` and `most` of a list, in any order, none twice.
  some(list, least, most) {
    const left = [...list];
    const count = Math.min(this.between(least, most), left.length);
    return Array.from({ length: count }, () => left.splice(this.below(left.length), 1)[0]);
  }

  // [[weight, value], ...]
  weighted(choices) {
    let at = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of choices) {
      at -= weight;
      if (at < 0) return value;
    }
    return choices.at(-1)[1];
  }

  // A generator of its own, so that one more draw here does not shift everything after it.
  fork() {
    return new Random(this.below(2 ** 32));
  }
}
