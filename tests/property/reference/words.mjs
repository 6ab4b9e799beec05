// Words, searches and relevance, as questions.md has them. JavaScript's own Unicode tables, nothing of the engine's.
const NO_SPACES = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

// Full case folding of the compatibility form, without accents; toUpperCase takes ß and ſ apart.
function fold(text) {
  return text.normalize('NFKD').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKD')
    .replace(/[̀-ͯ]/gu, '').replace(/[^\p{L}\p{N}\p{M}\p{So}]/gu, '');
}

// [{ word, from, to }], places in UTF-16 code units.
export function wordsOf(text) {
  const found = [];
  let open; // the word that a further letter goes on with
  let at = 0;
  for (const char of text) {
    const from = at;
    at += char.length;
    if (/\p{So}/u.test(char) && char !== '�') {
      found.push({ word: char, from, to: at });
      open = undefined;
    } else if (/[\p{L}\p{N}]/u.test(char)) {
      const alone = NO_SPACES.test(char) && /\p{L}/u.test(char);
      if (open === undefined || open.alone || alone) {
        open = { word: '', from, to: at, alone };
        found.push(open);
      }
      open.word += char;
      open.to = at;
    } else if (/\p{M}/u.test(char)) {
      if (open !== undefined) {
        open.word += char;
        open.to = at;
      }
    } else if (!/\p{Cf}/u.test(char) || char === '\u200b') {
      open = undefined;
    }
  }
  return found.map(({ word, from, to }) => ({ word: fold(word), from, to })).filter(({ word }) => word !== '');
}

// { required: [term], excluded: [term] }; a term is a list of words, the last of which may be a beginning.
export function parseSearch(typed) {
  const pieces = [...typed.matchAll(/(-?)(?:["“”„]([^"“”„]*)(?:["“”„]|$)|([^\s"“”„]+))/gu)];
  const search = { required: [], excluded: [] };
  pieces.forEach(([, minus, quoted, bare], i) => {
    const words = wordsOf(quoted ?? bare).map(({ word }) => word);
    if (words.length === 0) return;
    const prefix = i === pieces.length - 1 && quoted === undefined && minus === '';
    const list = minus === '' ? search.required : search.excluded;
    const term = { words, prefix };
    if (!list.some((other) => JSON.stringify(other) === JSON.stringify(term))) list.push(term);
  });
  return search;
}

// Places in the list of words at which a term ends.
function endsOf({ words, prefix }, said) {
  const fits = (word, k) => (prefix && k === words.length - 1 ? word.startsWith(words[k]) : word === words[k]);
  const ends = [];
  for (let i = words.length - 1; i < said.length; i++) {
    if (words.every((_, k) => fits(said[i - words.length + 1 + k].word, k))) ends.push(i);
  }
  return ends;
}

// What a search finds in a text: { matches, words, counts, marks }.
export function look({ required, excluded }, text) {
  const said = wordsOf(text);
  const ends = required.map((term) => endsOf(term, said));
  const spans = required.flatMap(({ words }, i) => ends[i].map((end) => [said[end - words.length + 1].from, said[end].to]));
  spans.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const marks = [];
  for (const [from, to] of spans) {
    const last = marks.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else marks.push([from, to]);
  }
  return {
    matches: ends.every((e) => e.length > 0) && excluded.every((term) => endsOf(term, said).length === 0),
    words: said.length,
    counts: ends.map((e) => e.length),
    marks,
  };
}

// BM25 in Lucene's form, in millionths; `all` are the hits of every text that is searched.
export function relevance(hit, all) {
  const mean = all.reduce((sum, { words }) => sum + words, 0) / all.length;
  const sum = hit.counts.reduce((total, times, i) => {
    const holding = all.filter(({ counts }) => counts[i] > 0).length;
    const rarity = Math.log(1 + (all.length - holding + 0.5) / (holding + 0.5));
    return total + rarity * times * 2.2 / (times + 1.2 * (1 - 0.75 + 0.75 * (mean > 0 ? hit.words / mean : 1)));
  }, 0);
  return Math.round(sum * 1e6);
}
