// Reads the published vectors with the JavaScript detector and prints what it finds, one JSON object.
// node check_vectors.mjs <folder of the detector> <vectors.json>

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , folder, file] = process.argv;
const load = (name) => import(pathToFileURL(join(folder, name)).href);
const { detectText } = await load("text.js");
const { itemText, normalised, weightsOf, wordsOf } = await load("words.js");
const { sumTail } = await load("tail.js");
const { encrypted, expanded } = await load("aes.js");
const { blake2b } = await load("blake2b.js");

const vectors = JSON.parse(readFileSync(file, "utf8"));
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (raw) => [...raw].map((value) => value.toString(16).padStart(2, "0")).join("");
const utf8 = (text) => new TextEncoder().encode(text);

const context = blake2b(utf8(`w${vectors.context.words.join("\x1f")}`), 16, "haechi-text-1");
const keyed = vectors.keyed.map(({ secret, item, value }) => {
  const block = context.slice();
  blake2b(utf8(item), 8, "haechi-text-1/it").forEach((byte, i) => (block[i] ^= byte));
  block[8] ^= value;
  return hex(encrypted(expanded(bytes(secret)), block));
});
const words = vectors.words.map(({ text }) => ({
  normalised: normalised(text),
  words: wordsOf(text).map((word) => [word.text, itemText(word.text)]),
  places: wordsOf(text).map((word) => [word.start, word.end]),
}));
const texts = [];
for (const { text, secret, payload } of vectors.texts) {
  const found = detectText(text, [{ name: "", secret: bytes(secret), payload }]);
  texts.push({
    count: found.count,
    log10_p: found.best,
    marks: found.marks.map((mark) => ({
      payload: mark.payload, stretches: mark.stretches.map((part) => [part.start, part.end]),
    })),
    signpost: found.signpost && found.signpost.number,
  });
}
const tails = vectors.tails.map(([score, means, counts]) => {
  return sumTail(score, new Map(means.map((mean, at) => [mean, counts[at]])));
});
const weights = vectors.weights.map(({ words }) => weightsOf(words.split(" ")));
console.log(JSON.stringify({ context: hex(context), keyed, tails, weights, words, texts }));
