// The same question with conditions that always hold. Rows of a question without any come as labels of their events; with
// one they come whole, and are looked at one by one: both ways must say the same.
const KINDS = { funnel: ['steps', 'exclude'], retention: ['start', 'return'], time_between: ['from', 'to'], paths: ['start', 'end'] };
const ALWAYS = ['event', '!=', 'no event is called this'];

const conditioned = (matcher) => ({ ...matcher, where: [...(matcher.where ?? []), ALWAYS] });

// undefined where it is asked in one way only.
export function otherWay(question) {
  if (!(question.kind in KINDS) || question.open !== undefined || question.segment !== undefined || question.breakdown !== undefined) return undefined;
  const other = { ...question };
  for (const member of KINDS[question.kind]) {
    if (other[member] === undefined) continue;
    other[member] = Array.isArray(other[member]) ? other[member].map(conditioned) : conditioned(other[member]);
  }
  return other;
}
