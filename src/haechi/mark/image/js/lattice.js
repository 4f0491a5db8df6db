// What a key and a payload stand for in haechi-lattice-1: streams, layout, code, tile and bound.
// No dependencies; the same file runs in a browser and in Node.js. Specification: docs/spec/haechi-lattice-1.md

export const TILE = 96;
export const CANONICAL = 768;
export const R_MIN = 5;
export const R_MAX = 30;
export const CODED_BITS = 192;
const OFF_AXIS = 2;
const LOW_RING = [7, 13];
const PILOTS = { low: [22, 2], high: [30, 4] }; // how many, and the least distance between them
const PILOT_SHARE = 0.3;
const SLOPE = 0.9;
const PAYLOAD_BITS = 64;
const MEMORY = 12;
const STATES = 1 << MEMORY;
const POLYNOMIALS = [0o10533, 0o10675, 0o17661];

const text = (string) => new TextEncoder().encode(string);
export const PUBLIC_PILOTS = text("haechi public pilots 1");

// --- SHA-256 (FIPS 180-4), synchronous: crypto.subtle is not offered on plain http pages

const ROUND = new Uint32Array(64);
const START = new Uint32Array(8);
{
  const prime = (n) => { for (let d = 2; d * d <= n; d++) if (n % d === 0) return false; return true; };
  const fraction = (x) => Math.floor((x - Math.floor(x)) * 2 ** 32) >>> 0;
  for (let n = 2, found = 0; found < 64; n++) {
    if (!prime(n)) continue;
    if (found < 8) START[found] = fraction(Math.sqrt(n));
    ROUND[found++] = fraction(Math.cbrt(n));
  }
}

export function sha256(bytes) {
  const length = Math.ceil((bytes.length + 9) / 64) * 64;
  const padded = new Uint8Array(length);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(length - 4, bytes.length * 8);
  view.setUint32(length - 8, Math.floor(bytes.length / 0x20000000));
  const state = Uint32Array.from(START);
  const w = new Uint32Array(64);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  for (let at = 0; at < length; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const a = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3);
      const b = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10);
      w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[i] + w[i]) >>> 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) >>> 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) >>> 0, c, b, a, (one + two) >>> 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] += value; });
  }
  const out = new Uint8Array(32);
  state.forEach((value, i) => new DataView(out.buffer).setUint32(4 * i, value));
  return out;
}

// --- streams

function stream(label, key, size) {
  const head = [...text(`haechi-lattice-1/${label}/`), ...key];
  const out = new Uint8Array(Math.ceil(size / 32) * 32);
  for (let counter = 0; counter * 32 < size; counter++) {
    const tail = [counter >>> 24, (counter >>> 16) & 255, (counter >>> 8) & 255, counter & 255];
    out.set(sha256(Uint8Array.from([...head, ...tail])), counter * 32);
  }
  return out.subarray(0, size);
}

function words(label, key, count) {
  const raw = stream(label, key, 4 * count);
  const view = new DataView(raw.buffer, raw.byteOffset);
  return Array.from({ length: count }, (_, i) => view.getUint32(4 * i));
}

export function shuffled(label, key, count) {
  const order = Array.from({ length: count }, (_, i) => i);
  const drawn = words(label, key, count - 1);
  for (let at = count - 1, i = 0; at > 0; at--, i++) {
    const other = Math.floor((drawn[i] * (at + 1)) / 2 ** 32); // exact: below 2^53
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
}

export function signsOf(secret, count) {
  const raw = stream("signs", secret, Math.ceil(count / 8));
  return Float64Array.from({ length: count }, (_, i) => ((raw[i >> 3] >> (7 - (i & 7))) & 1 ? -1 : 1));
}

// --- layout

const layouts = new Map();

export function layoutOf(pilotKey = PUBLIC_PILOTS) {
  const name = String(pilotKey);
  if (!layouts.has(name)) layouts.set(name, makeLayout(pilotKey));
  return layouts.get(name);
}

function makeLayout(pilotKey) {
  const lines = [];
  for (let u = OFF_AXIS; u <= R_MAX; u++) {
    for (let v = -R_MAX; v <= R_MAX; v++) {
      const square = u * u + v * v;
      if (Math.abs(v) < OFF_AXIS || square < R_MIN ** 2 || square > R_MAX ** 2) continue;
      lines.push({ u, v, square, radius: Math.sqrt(square) });
    }
  }
  lines.sort((a, b) => a.square - b.square || a.u - b.u || a.v - b.v);
  const order = shuffled("pilots", pilotKey, lines.length);
  const spaced = (low, high, [count, apart]) => {
    const taken = [];
    for (const at of order) {
      const line = lines[at];
      if (line.radius < low || line.radius >= high) continue;
      const far = (b) => (line.u - lines[b].u) ** 2 + (line.v - lines[b].v) ** 2 >= apart * apart;
      if (taken.every(far)) taken.push(at);
      if (taken.length === count) break;
    }
    return taken;
  };
  const chosen = [...spaced(...LOW_RING, PILOTS.low), ...spaced(LOW_RING[1], R_MAX + 1, PILOTS.high)];
  const turns = words("phases", pilotKey, chosen.length).map((word) => word >>> 30);
  const pilots = chosen.map((at, i) => {
    const angle = (Math.PI / 4) * (2 * turns[i] + 1);
    return { ...lines[at], re: Math.cos(angle), im: Math.sin(angle) };
  });
  const taken = new Set(chosen);
  const data = lines.filter((_, at) => !taken.has(at));
  const interleaver = [];
  for (let block = 0; interleaver.length < 2 * data.length; block++) {
    interleaver.push(...shuffled(`interleaver-${block}`, pilotKey, CODED_BITS));
  }
  interleaver.length = 2 * data.length;
  return { pilots, data, interleaver };
}

// --- code

const OUTPUTS = [0, 1].map((bit) => Uint8Array.from({ length: STATES }, (_, state) => {
  const register = (bit << MEMORY) | state;
  return POLYNOMIALS.reduce((made, polynomial) => {
    let parity = 0;
    for (let rest = register & polynomial; rest; rest &= rest - 1) parity ^= 1;
    return (made << 1) | parity;
  }, 0);
}));

export function encode(bits) {
  let state = 0;
  for (const bit of bits.slice(-MEMORY)) state = ((bit << MEMORY) | state) >> 1;
  const coded = [];
  for (const bit of bits) {
    const out = OUTPUTS[bit][state];
    for (const shift of [2, 1, 0]) coded.push((out >> shift) & 1 ? -1 : 1);
    state = ((bit << MEMORY) | state) >> 1;
  }
  return coded;
}

export function decode(soft) {
  const rounds = 2 * PAYLOAD_BITS;
  const history = Array.from({ length: rounds }, () => new Uint8Array(STATES));
  let metric = new Float64Array(STATES);
  let next = new Float64Array(STATES);
  const gain = new Float64Array(8);
  for (let step = 0; step < rounds; step++) {
    const at = 3 * (step % PAYLOAD_BITS);
    for (let out = 0; out < 8; out++) {
      gain[out] = [4, 2, 1].reduce((sum, mask, i) => sum + (out & mask ? -1 : 1) * soft[at + i], 0);
    }
    const chosen = history[step];
    for (let state = 0; state < STATES; state++) {
      const outputs = OUTPUTS[state >> (MEMORY - 1)];
      const before = (state << 1) & (STATES - 1);
      const even = metric[before] + gain[outputs[before]];
      const odd = metric[before | 1] + gain[outputs[before | 1]];
      chosen[state] = odd > even ? 1 : 0;
      next[state] = odd > even ? odd : even;
    }
    [metric, next] = [next, metric];
  }
  let state = metric.indexOf(metric.reduce((a, b) => (a > b ? a : b)));
  const path = new Uint8Array(rounds);
  for (let step = rounds - 1; step >= 0; step--) {
    path[step] = state >> (MEMORY - 1);
    state = ((state << 1) & (STATES - 1)) | history[step][state];
  }
  const half = PAYLOAD_BITS / 2;
  return [...path.subarray(PAYLOAD_BITS, PAYLOAD_BITS + half), ...path.subarray(half, PAYLOAD_BITS)];
}

export const bitsOf = (hex) => [...hex].flatMap((digit) => [3, 2, 1, 0].map((i) => (parseInt(digit, 16) >> i) & 1));
export const hexOf = (bits) =>
  Array.from({ length: 16 }, (_, i) => parseInt(bits.slice(4 * i, 4 * i + 4).join(""), 2).toString(16)).join("");

// --- tile

export function tileOf(payloadHex, secret, { pilotKey = PUBLIC_PILOTS, highestRadius = Infinity } = {}) {
  const { pilots, data, interleaver } = layoutOf(pilotKey);
  const signs = signsOf(secret, interleaver.length);
  const coded = encode(bitsOf(payloadHex));
  const fall = (line) => (line.radius <= highestRadius ? line.radius ** -SLOPE : 0);
  const scale = (lines, share) => Math.sqrt(share / (2 * lines.reduce((sum, line) => sum + fall(line) ** 2, 0)));
  const forData = scale(data, 1 - PILOT_SHARE) / Math.SQRT2;
  const forPilots = scale(pilots, PILOT_SHARE);
  const re = new Float64Array(TILE * TILE);
  const im = new Float64Array(TILE * TILE);
  const put = (line, real, imaginary) => {
    re[((line.v + TILE) % TILE) * TILE + line.u] = real;
    im[((line.v + TILE) % TILE) * TILE + line.u] = imaginary;
  };
  for (const pilot of pilots) put(pilot, fall(pilot) * forPilots * pilot.re, fall(pilot) * forPilots * pilot.im);
  data.forEach((line, k) => {
    const size = fall(line) * forData;
    const value = (d) => coded[interleaver[d]] * signs[d] * size;
    put(line, value(2 * k), value(2 * k + 1));
  });
  return halfToTile(re, im);
}

// The real tile of a spectrum given on u >= 2: each line and its mirror image.
function halfToTile(re, im) {
  const cos = Float64Array.from({ length: TILE }, (_, i) => Math.cos((2 * Math.PI * i) / TILE));
  const sin = Float64Array.from({ length: TILE }, (_, i) => Math.sin((2 * Math.PI * i) / TILE));
  const tile = new Float64Array(TILE * TILE);
  for (let y = 0; y < TILE; y++) {
    for (let u = OFF_AXIS; u <= R_MAX; u++) {
      let a = 0;
      let b = 0;
      for (let v = 0; v < TILE; v++) {
        const at = v * TILE + u;
        const turn = (v * y) % TILE;
        a += re[at] * cos[turn] - im[at] * sin[turn];
        b += re[at] * sin[turn] + im[at] * cos[turn];
      }
      for (let x = 0; x < TILE; x++) {
        const turn = (u * x) % TILE;
        tile[y * TILE + x] += 2 * (a * cos[turn] - b * sin[turn]);
      }
    }
  }
  return tile;
}

// --- bound

function log10NormalTail(x) {
  // Mills' ratio by continued fraction; for x >= 2 forty terms are exact to double precision
  if (x < 2) return 0;
  let rest = x;
  for (let k = 40; k >= 1; k--) rest = x + k / rest;
  return -(x * x) / 2 / Math.LN10 - Math.log10(rest * Math.sqrt(2 * Math.PI));
}

const SIGN_SUM_CONSTANT = 1 / (2 * 0.15729920705028513); // erfc(1)
export const LOG10_P_LIMIT = -9;

// weights: the soft values that the statistic was made of; they sharpen the bound where few of them carry it.
export function log10P(statistic, attempts, weights = []) {
  const gauss = Math.log10(SIGN_SUM_CONSTANT) + log10NormalTail(statistic);
  const tail = Math.min(gauss, log10Chernoff(statistic, weights));
  return Math.min(0, PAYLOAD_BITS * Math.log10(2) + Math.log10(Math.max(attempts, 1)) + tail);
}

function log10Chernoff(statistic, weights) {
  const size = Math.sqrt(weights.reduce((sum, value) => sum + value * value, 0));
  if (statistic <= 0 || size === 0) return 0;
  let least = 0;
  for (let k = 0; k < 16; k++) {
    const slope = statistic * 2 ** (k / 4);
    let sum = -slope * statistic;
    for (const weight of weights) {
      const turned = Math.abs((slope * weight) / size);
      sum += turned + Math.log1p(Math.exp(-2 * turned)) - Math.LN2;
    }
    least = Math.min(least, sum / Math.LN10);
  }
  return least;
}
