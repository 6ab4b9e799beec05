// "A/B": numbers, letters of series, + - * /, parentheses, a minus before a term.

export function compileFormula(text) {
  const tokens = text.match(/\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+|[A-Z]|[-+*/()]/g);
  let at = 0;
  const take = (...wanted) => (wanted.includes(tokens[at]) ? tokens[at++] : undefined);
  const primary = () => {
    if (take('-')) {
      const inner = primary();
      return (series) => apply('-', 0, inner(series));
    }
    if (take('(')) {
      const inner = sum();
      if (!take(')')) throw new Error(`no formula: ${text}`);
      return inner;
    }
    const token = tokens[at++];
    if (/^[A-Z]$/.test(token)) return (series) => number(series[token.charCodeAt(0) - 65]);
    return () => Number(token);
  };
  const chain = (operators, inner) => () => {
    let left = inner();
    for (let operator = take(...operators); operator; operator = take(...operators)) {
      const [first, by, right] = [left, operator, inner()];
      left = (series) => apply(by, first(series), right(series));
    }
    return left;
  };
  const product = chain(['*', '/'], primary);
  const sum = chain(['+', '-'], product);
  const formula = sum();
  if (at !== tokens.length) throw new Error(`no formula: ${text}`);
  return formula;
}

// Formulas are worked out in doubles.
const number = (x) => (x === null ? null : Number(x));

function apply(operator, a, b) {
  if (a === null || b === null) return null;
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  return b === 0 ? null : a / b;
}
