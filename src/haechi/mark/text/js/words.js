// Words, contexts and items of a text (haechi-text-1, section 4).

import { blake2b } from "./blake2b.js";

const STANDALONE =
  "\\u3005-\\u3007\\u3021-\\u3029\\u3031-\\u3035\\u3041-\\u3096\\u309d-\\u309f\\u30a1-\\u30fa\\u30fc-\\u30ff" +
  "\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{1b000}-\\u{1b16f}\\u{20000}-\\u{323af}";
const WORD = new RegExp(`[${STANDALONE}]|(?:(?![${STANDALONE}])[\\p{L}\\p{N}])+`, "gu");
// What is no white space; spelled out, as languages differ about U+001C to U+001F, U+0085 and U+FEFF.
const PIECE = /[^\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/gu;
const HANGUL = /^[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]/u;
// Characters without width, and letters that are taken for Latin ones.
const UNSEEN = new RegExp(
  "[\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f" +
    "\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufff8\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]",
  "gu",
);
const FOREIGN = "авекмнорстухѕіјһӏԁԛԝαβεζηικμνορτυχıɑɡ";
const LATIN = "abekmhopctyxsijhldqwabezhikmvoptyxiag";
const LOOKALIKES = new Map([...FOREIGN].map((letter, at) => [letter, LATIN[at]]));
const LETTERS = 4;
export const [NEW, KNOWN, AGAIN] = [1, 0.6, 0.3];
const CONTEXT_WORDS = 2;

const utf8 = new TextEncoder();

/** What is seen, NFKC, each character in upper case and then in lower case, NFKC again, Latin look-alikes. */
export function normalised(text) {
  const seen = [...text.replace(UNSEEN, "").normalize("NFKC")];
  const folded = seen.map((letter) => letter.toUpperCase().toLowerCase()).join("");
  return [...folded.normalize("NFKC")].map((letter) => LOOKALIKES.get(letter) ?? letter).join("");
}

const lengthOf = (text) => [...text].length;

/**
 * Words as { text, start, end }; places count code points of the text as it was given. In a piece whose number of
 * code points changes, every word has the place of the whole piece.
 */
export function wordsOf(text) {
  const words = [];
  let [begin, read] = [0, 0];
  for (const piece of text.matchAll(PIECE)) {
    begin += lengthOf(text.slice(read, piece.index));
    read = piece.index + piece[0].length;
    const [normal, length] = [normalised(piece[0]), lengthOf(piece[0])];
    const same = lengthOf(normal) === length;
    for (const found of normal.matchAll(WORD)) {
      const start = begin + (same ? lengthOf(normal.slice(0, found.index)) : 0);
      words.push({ text: found[0], start, end: same ? start + lengthOf(found[0]) : begin + length });
    }
    begin += length;
  }
  return words;
}

/** The beginning of a normalised word that counts. */
export const itemText = (word) => [...word].slice(0, HANGUL.test(word) ? 1 : LETTERS).join("");

/** The weight of each item: less when it stood before, and least when it stood behind the same item before. */
export function weightsOf(items) {
  const [seen, followed] = [new Set(), new Set()];
  return items.map((item, at) => {
    const link = at ? `${items[at - 1]}\x1e${item}` : null;
    const weight = followed.has(link) ? AGAIN : seen.has(item) ? KNOWN : NEW;
    seen.add(item);
    if (at) followed.add(link);
    return weight;
  });
}

/** Each pair of context and item once: { context: 16 bytes, item: 8 bytes, word: its place, weight }. */
export function pairsOf(words) {
  const seen = new Set();
  const pairs = [];
  const items = words.map((word) => itemText(word.text));
  const weights = weightsOf(items);
  for (let at = CONTEXT_WORDS; at < words.length; at++) {
    const before = words.slice(at - CONTEXT_WORDS, at).map((word) => word.text).join("\x1f");
    const name = `${before}\x1e${items[at]}`;
    if (seen.has(name)) continue;
    seen.add(name);
    const context = blake2b(utf8.encode(`w${before}`), 16, "haechi-text-1");
    const item = blake2b(utf8.encode(items[at]), 8, "haechi-text-1/it");
    pairs.push({ context, item, word: at, weight: weights[at] });
  }
  return pairs;
}
