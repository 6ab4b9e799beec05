// The same question with conditions that always hold. Rows of a question without any come as labels of their events, and counts
// of events come as sums that segments keep; with a condition that asks for more they come whole, and are looked at one by one:
// both ways must say the same.
const CALLED = ['event', '!=', 'no event is called this'];
const KINDS = {
  funnel: { members: ['steps', 'exclude'], always: CALLED },
  retention: { members: ['start', 'return'], always: CALLED },
  time_between: { members: ['from', 'to'], always: CALLED },
  paths: { members: ['start', 'end'], always: CALLED },
  trend: { members: ['series'], always: ['source', '!=', 'no source is called this'], grouped: true },
};

const conditioned = (matcher, always) => ({ ...matcher, where: [...(matcher.where ?? []), always] });

// undefined where it is asked in one way only.
export function otherWay(question) {
  const kind = KINDS[question.kind];
  if (kind === undefined || question.open !== undefined || question.segment !== undefined) return undefined;
  if (question.breakdown !== undefined && kind.grouped !== true) return undefined;
  const other = { ...question };
  for (const member of kind.members) {
    if (other[member] === undefined) continue;
    const one = (matcher) => conditioned(matcher, kind.always);
    other[member] = Array.isArray(other[member]) ? other[member].map(one) : one(other[member]);
  }
  return other;
}
