// Reads the published vectors with the JavaScript detector and prints what it finds, one JSON object.
// node check_vectors.mjs <folder of the detector> <vectors.json>

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [, , folder, file] = process.argv;
const load = (name) => import(pathToFileURL(join(folder, name)).href);
const lattice = await load("lattice.js");
const { detectPlane } = await load("detect.js");
const { TILE, encode, bitsOf, layoutOf, log10P, sha256, shuffled, tileOf } = lattice;

const vectors = JSON.parse(readFileSync(file, "utf8"));
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (raw) => [...raw].map((value) => value.toString(16).padStart(2, "0")).join("");

function host(x, y, seed) {
  let mixed = (Math.imul(x, 374761393) + Math.imul(y, 668265263) + Math.imul(seed, 2246822519)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 13), 1274126177) >>> 0;
  const noise = ((mixed >>> 24) / 255) * 24 - 12;
  return 128 + 50 * Math.sin((2 * Math.PI * x) / 301) * Math.cos((2 * Math.PI * y) / 223) + noise;
}

const rounded = (value) => Math.max(0, Math.min(255, Math.floor(value + 0.5)));

function marked({ width, height, seed, amplitude, secret, payload, change }) {
  const tile = amplitude ? tileOf(payload, bytes(secret)) : null;
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const mark = tile ? amplitude * tile[(y % TILE) * TILE + (x % TILE)] : 0;
      values[y * width + x] = rounded(host(x, y, seed) + mark);
    }
  }
  return changed({ width, height, values }, change);
}

function changed({ width, height, values }, [kind, ...by]) {
  const make = (w, h, at) => {
    const out = new Float32Array(w * h);
    for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) out[y * w + x] = rounded(at(x, y));
    return { width: w, height: h, values: out };
  };
  const get = (x, y) => values[y * width + x];
  if (kind === "none") return { width, height, values };
  if (kind === "crop") return make(by[2], by[3], (x, y) => get(x + by[0], y + by[1]));
  if (kind === "mirror") return make(width, height, (x, y) => get(width - 1 - x, y));
  if (kind === "quarter turn") return make(height, width, (x, y) => get(y, height - 1 - x));
  if (kind === "half") {
    const four = (x, y) => (get(x, y) + get(x + 1, y) + get(x, y + 1) + get(x + 1, y + 1)) / 4;
    return make(width / 2, height / 2, (x, y) => four(2 * x, 2 * y));
  }
  const [degrees, size] = by;
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180) / size, Math.sin((degrees * Math.PI) / 180) / size];
  return make(width, height, (x, y) => {
    const [across, down] = [x - (width - 1) / 2, y - (height - 1) / 2];
    const column = cos * across + sin * down + (width - 1) / 2;
    const row = -sin * across + cos * down + (height - 1) / 2;
    if (column < 0 || row < 0 || column > width - 1 || row > height - 1) return 0;
    const left = Math.min(Math.floor(column), width - 2);
    const top = Math.min(Math.floor(row), height - 2);
    const [right, low] = [column - left, row - top];
    const upper = get(left, top) * (1 - right) + get(left + 1, top) * right;
    const lower = get(left, top + 1) * (1 - right) + get(left + 1, top + 1) * right;
    return upper * (1 - low) + lower * low;
  });
}

const layout = layoutOf();
const tile = tileOf(vectors.parts.payload, bytes(vectors.secrets.public));
const parts = {
  shuffled: shuffled("example", new TextEncoder().encode("key"), 12),
  pilots: layout.pilots.map(({ u, v, re, im }) => [u, v, Number(re.toFixed(6)), Number(im.toFixed(6))]),
  data_lines: layout.data.length,
  interleaver_sha256: hex(sha256(Uint8Array.from(layout.interleaver))),
  coded: encode(bitsOf(vectors.parts.payload)).map((sign) => (sign > 0 ? "0" : "1")).join(""),
  tile: vectors.parts.tile.map(([row, column]) => [row, column, Number(tile[row * TILE + column].toFixed(4))]),
};

const scenes = vectors.scenes.map((scene) => {
  const plane = marked(scene);
  const begun = performance.now();
  const { marks, attempts } = detectPlane(plane, [bytes(scene.secret)]);
  const ms = Math.round(performance.now() - begun);
  const sum = plane.values.reduce((total, value) => total + value, 0);
  const best = marks[0] ?? { payload: "", statistic: null, log10P: 0 };
  const { payload, statistic, log10P: p } = best;
  return { name: scene.name, payload, statistic, log10_p: p, attempts, pixels_sum: sum, ms };
});

const bound = vectors.bound.map(([statistic, attempts]) => log10P(statistic, attempts));
const sharper = vectors.bound_of_weights.map(([count, fall, statistic, attempts]) =>
  log10P(statistic, attempts, Array.from({ length: count }, (_, d) => (d + 1) ** -fall)));
console.log(JSON.stringify({ parts, bound, sharper, scenes }));
