// A detector of text marks for the browser (haechi-text-1, sections 3 and 5 to 7): text and keys in, p out.

import { encrypted, expanded } from "./aes.js";
import { sumTail } from "./tail.js";
import { pairsOf, wordsOf } from "./words.js";

export const LIMIT = -8;
export const ENOUGH = 200;
const SIGNPOST_LIMIT = -4;
const [DIGITS, SIGNPOST_DIGITS, BASE, SYMBOLS] = [4, 3, 16, 16];
const LARGEST = (1n << 53n) - 1n;
const [SHORTEST, SEGMENT_LIMIT, EVIDENCE] = [24, -4, 1.5];
// SHA-256 of "haechi-text-1 signpost key": public, and written out because pages over plain HTTP cannot hash.
const SIGNPOST_SECRET = "58e115e845bc456a429878e329aad79e8a93394c08e7ffcf89801b346ae04a35";

const isSignpost = (pair) => pair.context[15] < 64;
const place = (pair) => pair.context[14] % SYMBOLS;

/** How many scores have which mean. */
function lawOf(weights) {
  const counts = new Map();
  for (const weight of weights) counts.set(weight, (counts.get(weight) ?? 0) + 1);
  return counts;
}

const weightsOf = (pairs) => pairs.map((pair) => pair.weight);

/** One number for each pair: under a key that did not write the text, exponential with mean `weight`. */
function scoresOf(secret, pairs, valueOf) {
  const keys = expanded(secret);
  return pairs.map((pair) => {
    const block = pair.context.slice();
    for (let i = 0; i < 8; i++) block[i] ^= pair.item[i];
    block[8] ^= valueOf(pair);
    const view = new DataView(encrypted(keys, block).buffer);
    const rest = (view.getBigUint64(0, true) >> 11n) ^ LARGEST;
    return -pair.weight * Math.log((Number(rest) + 0.5) * 2 ** -53);
  });
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** The product in GF(16), modulo x^4 + x + 1. */
function times(a, b) {
  let product = 0;
  for (let bit = 0; bit < 4; bit++) if ((b >> bit) & 1) product ^= a << bit;
  for (let bit = 6; bit > 3; bit--) if ((product >> bit) & 1) product ^= 0b10011 << (bit - 4);
  return product;
}

/** The symbol of a number at one of sixteen places: its digits as a polynomial, by Horner's rule. */
function symbolOf(number, at, digits) {
  let symbol = 0;
  for (let digit = digits - 1; digit >= 0; digit--) {
    symbol = times(symbol, at) ^ ((number >> (4 * digit)) & (BASE - 1));
  }
  return symbol;
}

/** The number whose symbols score best: every word of the code is added up. */
function readNumber(secret, pairs, digits) {
  const table = Array.from({ length: SYMBOLS }, () => new Float64Array(BASE));
  for (let symbol = 0; symbol < BASE; symbol++) {
    const each = scoresOf(secret, pairs, () => 1 + symbol);
    pairs.forEach((pair, i) => (table[place(pair)][symbol] += each[i]));
  }
  const scores = new Float64Array(BASE ** digits);
  table.forEach((values, at) => {
    const low = Array.from({ length: 256 }, (_, part) => symbolOf(part, at, digits));
    const high = Array.from({ length: 256 }, (_, part) => symbolOf(part << 8, at, digits));
    for (let n = 0; n < scores.length; n++) scores[n] += values[low[n & 255] ^ high[n >> 8]];
  });
  const number = scores.reduce((best, score, n) => (score > scores[best] ? n : best), 0);
  return { number, score: scores[number] };
}

const symbolIn = (number, pair, digits) => 1 + symbolOf(number, place(pair), digits);

const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));

/** What the words of a text show under keys: [{ name, secret (32 bytes), payload (whether it carries one) }]. */
export function detectText(text, keys) {
  const words = wordsOf(text);
  let pairs = pairsOf(words);
  const count = pairs.length;
  const signpost = readSignpost(bytesOf(SIGNPOST_SECRET), pairs);
  if (signpost) pairs = pairs.filter((pair) => !isSignpost(pair));
  const rated = keys.map((key) => rate(key, pairs, keys.length)).sort((a, b) => a.log10P - b.log10P);
  const marks = rated
    .filter((mark) => mark.log10P <= LIMIT)
    .map((mark) => ({ ...mark, stretches: stretches(mark, words, pairs, keys.length) }));
  return {
    size: words.length, count: signpost ? pairs.length : count, enough: words.length >= ENOUGH,
    best: rated.length ? rated[0].log10P : 0, marks, signpost,
  };
}

function readSignpost(secret, pairs) {
  const open = pairs.filter(isSignpost);
  const { number, score } = readNumber(secret, open, SIGNPOST_DIGITS);
  const log10P = Math.min(0, sumTail(score, lawOf(weightsOf(open))) + Math.log10(BASE ** SIGNPOST_DIGITS));
  return log10P <= SIGNPOST_LIMIT ? { number, log10P } : null;
}

const hypotheses = (key) => (key.payload ? BASE ** DIGITS : 1);

function rate(key, pairs, tried) {
  const read = key.payload
    ? readNumber(key.secret, pairs, DIGITS)
    : { number: null, score: sum(scoresOf(key.secret, pairs, () => 0)) };
  const log10P = Math.min(0, sumTail(read.score, lawOf(weightsOf(pairs))) + Math.log10(tried * hypotheses(key)));
  return { key, payload: read.number, score: read.score, log10P };
}

function stretches(mark, words, pairs, tried) {
  const valueOf = (pair) => (mark.payload === null ? 0 : symbolIn(mark.payload, pair, DIGITS));
  const scores = scoresOf(mark.key.secret, pairs, valueOf);
  return located(scores, weightsOf(pairs), tried * hypotheses(mark.key)).map(({ start, end, log10P }) => ({
    start: words[pairs[start].word].start, end: words[pairs[end - 1].word].end, log10P,
  }));
}

function windowsOf(count) {
  const windows = new Map();
  const add = (start, end) => windows.set(`${start}-${end}`, { start, end });
  for (let length = SHORTEST; length < count; length *= 2) {
    const step = length / 2;
    for (let at = 0; at < count - length + step; at += step) {
      const start = Math.min(at, count - length);
      add(start, start + length);
    }
  }
  if (count) add(0, count);
  return [...windows.values()];
}

function located(scores, weights, tried) {
  const windows = windowsOf(scores.length);
  const cost = Math.log10(Math.max(tried, 1) * Math.max(windows.length, 1));
  const [total, expected] = [running(scores), running(weights)];
  const rated = windows
    .map(({ start, end }) => {
      const score = total[end] - total[start];
      // A window that scores no more than is expected shows nothing.
      if (score <= expected[end] - expected[start]) return { start, end, log10P: 0 };
      return { start, end, log10P: Math.min(0, sumTail(score, lawOf(weights.slice(start, end))) + cost) };
    })
    .sort((a, b) => a.log10P - b.log10P);
  const taken = [];
  for (const part of rated) {
    if (part.log10P > SEGMENT_LIMIT) break;
    if (taken.every((other) => part.end <= other.start || part.start >= other.end)) taken.push(part);
  }
  const surpluses = scores.map((score, at) => score - EVIDENCE * weights[at]);
  return joined(taken.map((part) => trimmed(part, surpluses)).sort((a, b) => a.start - b.start));
}

/** The sums of the first 0, 1, 2, ... values. */
function running(values) {
  const sums = [0];
  for (const value of values) sums.push(sums[sums.length - 1] + value);
  return sums;
}

function trimmed({ start, end, log10P }, surpluses) {
  const surplus = running(surpluses.slice(start, end));
  let [low, bestEnd, best] = [0, 0, 0];
  surplus.forEach((value, at) => {
    if (value < surplus[low]) low = at;
    if (value - surplus[low] > best) [best, bestEnd] = [value - surplus[low], at];
  });
  let first = 0;
  for (let at = 0; at <= bestEnd; at++) if (surplus[at] < surplus[first]) first = at;
  return { start: start + first, end: start + Math.max(bestEnd, first + 1), log10P };
}

function joined(parts) {
  const out = [];
  for (const part of parts) {
    const last = out[out.length - 1];
    if (last && part.start - last.end < SHORTEST) {
      [last.end, last.log10P] = [part.end, Math.min(last.log10P, part.log10P)];
    } else {
      out.push({ ...part });
    }
  }
  return out;
}
