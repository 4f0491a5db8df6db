// A detector for haechi-lattice-1 in the browser: the second implementation, written against the
// specification (docs/spec/haechi-lattice-1.md, section 7). It tries the whole picture and the votes; it has
// neither the logarithmic maps nor the bends of the first, so it gives up earlier on weak or bent marks.

import { CANONICAL, CODED_BITS, LOG10_P_LIMIT, R_MAX, TILE, decode, encode, hexOf, layoutOf, log10P, sha256, signsOf }
  from "./lattice.js";
import { lumaOf, makePlane, peaksOf, residualOf, smooth, warped } from "./plane.js";

export const PUBLIC_SECRET = sha256(new TextEncoder().encode("haechi public mark key 1"));

const WORKING_PIXELS = 1_050_000;
const MOST_CANONICAL_PIXELS = 4_000_000;
const SOFT_LIMIT = 6;
const WORTH_DECODING = 5;
const ANGLES = 360;
const SCALES = 400;

/**
 * The marks in a picture: {marks: [{payload, statistic, log10P, placement}], attempts}.
 * picture: ImageData, or any {width, height, data} of RGBA bytes. secrets: keys to try (32 bytes each).
 */
export function detect(picture, secrets = [PUBLIC_SECRET]) {
  return detectPlane(lumaOf(picture), secrets);
}

/** As `detect`, for a luma plane {width, height, values} on the scale 0 to 255. */
export function detectPlane(picture, secrets = [PUBLIC_SECRET]) {
  const plane = working(picture);
  const layout = layoutOf();
  const signs = secrets.map((secret) => signsOf(secret, layout.interleaver.length));
  const found = [];
  let attempts = 0;
  for (const placement of candidates(plane, layout)) {
    const soft = softData(plane, placement, layout);
    if (!soft) continue;
    attempts += signs.length;
    signs.forEach((sign, key) => {
      const word = wordOf(soft, sign, layout);
      if (log10P(word.statistic, attempts, soft) <= LOG10_P_LIMIT) found.push({ ...word, key, placement, soft });
    });
    if (found.length) break;
  }
  const marks = found.map(({ soft, ...word }) => ({ ...word, log10P: log10P(word.statistic, attempts, soft) }));
  return { marks: marks.sort((a, b) => a.log10P - b.log10P), attempts };
}

function working(plane) {
  const shrink = Math.sqrt(WORKING_PIXELS / (plane.width * plane.height));
  if (shrink > 0.85) return plane;
  const width = Math.round(plane.width * shrink);
  const height = Math.round(plane.height * shrink);
  const [a, e] = [plane.width / width, plane.height / height];
  return warped(smooth(plane, 0.45 * a), [[a, 0, a / 2 - 0.5], [0, e, e / 2 - 0.5]], width, height, false).plane;
}

function* candidates(plane, layout) {
  const grow = Math.sqrt(plane.width * plane.height) / CANONICAL;
  yield [[grow, 0], [0, grow]];
  const peaks = peaksOf(plane);
  const fitted = votes(peaks, layout).map((matrix) => fit(matrix, peaks, layout));
  fitted.sort((a, b) => b.matches - a.matches);
  for (const { matrix: [[a, b], [c, d]] } of fitted) {
    const size = a * d - b * c;
    if (Math.abs(size) > 1e-9) yield [[d / size, -c / size], [-b / size, a / size]]; // inverse, transposed
  }
}

// --- reading along one geometry (7.1 to 7.3)

function softData(plane, placement, layout) {
  const [[a, b], [c, d]] = placement;
  const size = a * d - b * c;
  const corners = [[0, 0], [plane.width, 0], [0, plane.height], [plane.width, plane.height]]
    .map(([x, y]) => [(d * x - b * y) / size, (a * y - c * x) / size]);
  const low = [0, 1].map((axis) => Math.min(...corners.map((corner) => corner[axis])));
  const [width, height] = [0, 1].map((axis) => Math.ceil(Math.max(...corners.map((p) => p[axis])) - low[axis]));
  if (Math.min(width, height) < TILE / 2 || width * height > MOST_CANONICAL_PIXELS) return null;
  const shift = [a * (low[0] + 0.5) + b * (low[1] + 0.5) - 0.5, c * (low[0] + 0.5) + d * (low[1] + 0.5) - 0.5];
  const shrink = Math.sqrt(Math.abs(size));
  const source = shrink > 1.25 ? smooth(plane, 0.45 * shrink) : plane;
  const straight = Math.abs(b) + Math.abs(c) < 1e-4 * Math.abs(a);
  const read = warped(source, [[a, b, shift[0]], [c, d, shift[1]]], width, height, !straight);
  const residual = residualOf(read.plane);
  if (read.inside) residual.values = residual.values.map((value, i) => value * read.inside[i]);
  const tiles = cut(residual);
  const pilots = fold(tiles, layout.pilots);
  const phase = findPhase(pilots, layout.pilots);
  if (phase.score < WORTH_DECODING) return null;
  const gain = gainByRadius(straighten(pilots, layout.pilots, phase), layout.pilots);
  const data = straighten(fold(tiles, layout.data), layout.data, phase);
  return data.flatMap(([re, im], k) => {
    const weight = gain[Math.floor(layout.data[k].radius)];
    return [re, im].map((value) => Math.max(-SOFT_LIMIT, Math.min(SOFT_LIMIT, value)) * weight);
  });
}

const COS = Float64Array.from({ length: TILE }, (_, i) => Math.cos((2 * Math.PI * i) / TILE));
const SIN = Float64Array.from({ length: TILE }, (_, i) => Math.sin((2 * Math.PI * i) / TILE));

// Spectra on u = 0..R_MAX, v = -R_MAX..R_MAX of every tile, and its weight for each radius.
function cut({ width, height, values }) {
  const [columns, rows] = [Math.ceil(width / TILE), Math.ceil(height / TILE)];
  const tiles = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const block = new Float64Array(TILE * TILE);
      let power = 0;
      for (let y = row * TILE; y < Math.min(height, (row + 1) * TILE); y++) {
        for (let x = column * TILE; x < Math.min(width, (column + 1) * TILE); x++) {
          const value = values[y * width + x];
          block[(y - row * TILE) * TILE + x - column * TILE] = value;
          power += value * value;
        }
      }
      tiles.push({ ...transform(block), power: power / TILE ** 2 });
    }
  }
  const median = (list) => {
    const sorted = [...list].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  };
  const usual = median(tiles.map((tile) => tile.power).filter((power) => power > 0));
  const alive = tiles.filter((tile) => tile.power > 0.02 * usual);
  const floor = Array.from({ length: R_MAX + 1 }, (_, r) => 1.5 * median(alive.map((tile) => tile.energy[r])));
  for (const tile of alive) tile.weight = tile.energy.map((energy, r) => 1 / (energy + floor[r] + 1e-9));
  return alive;
}

const ROWS = 2 * R_MAX + 1;

function transform(block) {
  const re = new Float64Array((R_MAX + 1) * ROWS);
  const im = new Float64Array((R_MAX + 1) * ROWS);
  const a = new Float64Array(TILE);
  const b = new Float64Array(TILE);
  const energy = new Array(R_MAX + 1).fill(0);
  const count = new Array(R_MAX + 1).fill(0);
  for (let u = 0; u <= R_MAX; u++) {
    for (let y = 0; y < TILE; y++) {
      let sumA = 0.0;
      let sumB = 0.0;
      let turn = 0;
      for (let x = 0; x < TILE; x++) {
        const value = block[y * TILE + x];
        sumA += value * COS[turn];
        sumB -= value * SIN[turn];
        turn += u;
        if (turn >= TILE) turn -= TILE;
      }
      a[y] = sumA;
      b[y] = sumB;
    }
    for (let v = -R_MAX; v <= R_MAX; v++) {
      let sumA = 0.0;
      let sumB = 0.0;
      let turn = 0;
      for (let y = 0; y < TILE; y++) {
        sumA += a[y] * COS[turn] + b[y] * SIN[turn];
        sumB += b[y] * COS[turn] - a[y] * SIN[turn];
        turn += v;
        if (turn >= TILE) turn -= TILE;
        else if (turn < 0) turn += TILE;
      }
      const at = u * ROWS + v + R_MAX;
      re[at] = sumA;
      im[at] = sumB;
      const radius = Math.floor(Math.hypot(u, v));
      if (radius > R_MAX) continue;
      energy[radius] += sumA * sumA + sumB * sumB;
      count[radius] += 1;
    }
  }
  return { re, im, energy: energy.map((sum, r) => sum / count[r]) };
}

function fold(tiles, lines) {
  return lines.map(({ u, v, radius }) => {
    const at = u * ROWS + v + R_MAX;
    let re = 0.0;
    let im = 0.0;
    let noise = 0.0;
    for (const tile of tiles) {
      const weight = tile.weight[Math.floor(radius)];
      re += weight * tile.re[at];
      im += weight * tile.im[at];
      noise += weight * weight * (tile.re[at] ** 2 + tile.im[at] ** 2);
    }
    const unit = 1 / Math.sqrt(noise / 2 + 1e-20);
    return [re * unit, im * unit];
  });
}

// All shifts at quarter canonical pixels: rows of the surface first, then columns.
function findPhase(folded, pilots) {
  const size = TILE * 4;
  const weight = pilots.map(({ radius }) => radius ** -0.5);
  const norm = 1 / Math.sqrt(weight.reduce((sum, value) => sum + value * value, 0));
  const cos = Float64Array.from({ length: size }, (_, i) => Math.cos((2 * Math.PI * i) / size));
  const sin = Float64Array.from({ length: size }, (_, i) => Math.sin((2 * Math.PI * i) / size));
  let best = { score: -Infinity };
  for (const halfTurn of [false, true]) {
    const terms = folded.map(([re, im], k) => {
      const imaginary = halfTurn ? -im : im;
      const { re: pr, im: pi } = pilots[k];
      return [(re * pr + imaginary * pi) * weight[k], (imaginary * pr - re * pi) * weight[k]];
    });
    for (let y = 0; y < size; y++) {
      const byColumn = new Map();
      terms.forEach(([re, im], k) => {
        const { u, v } = pilots[k];
        const turn = (((v * y) % size) + size) % size;
        const sum = byColumn.get(u) ?? [0, 0];
        sum[0] += re * cos[turn] - im * sin[turn];
        sum[1] += re * sin[turn] + im * cos[turn];
        byColumn.set(u, sum);
      });
      const us = Int32Array.from(byColumn.keys());
      const res = Float64Array.from(byColumn.values(), ([re]) => re);
      const ims = Float64Array.from(byColumn.values(), ([, im]) => im);
      for (let x = 0; x < size; x++) {
        let value = 0;
        for (let k = 0; k < us.length; k++) {
          const turn = (us[k] * x) % size;
          value += res[k] * cos[turn] - ims[k] * sin[turn];
        }
        const score = Math.abs(value) * norm;
        if (score > best.score) best = { score, right: x / 4, down: y / 4, halfTurn, inverted: value < 0 };
      }
    }
  }
  return best;
}

function straighten(values, lines, { right, down, halfTurn, inverted }) {
  return values.map(([re, im], k) => {
    const angle = (2 * Math.PI * (lines[k].u * right + lines[k].v * down)) / TILE;
    const imaginary = halfTurn ? -im : im;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)].map((value) => (inverted ? -value : value));
    return [re * cos - imaginary * sin, re * sin + imaginary * cos];
  });
}

function gainByRadius(straight, pilots) {
  const gains = straight.map(([re, im], k) => re * pilots[k].re + im * pilots[k].im);
  return Array.from({ length: R_MAX + 1 }, (_, r) => {
    const near = pilots.map(({ radius }) => Math.exp(-0.5 * ((radius - r) / 3) ** 2));
    const total = near.reduce((sum, value) => sum + value, 0.5);
    return Math.max(0.02, near.reduce((sum, value, k) => sum + value * gains[k], 0) / total);
  });
}

function wordOf(soft, signs, layout) {
  const sums = new Float64Array(CODED_BITS);
  soft.forEach((value, d) => { sums[layout.interleaver[d]] += value * signs[d]; });
  const bits = decode(sums);
  const coded = encode(bits);
  const size = Math.sqrt(soft.reduce((sum, value) => sum + value * value, 1e-30));
  const match = soft.reduce((sum, value, d) => sum + value * signs[d] * coded[layout.interleaver[d]], 0);
  return { payload: hexOf(bits), statistic: match / size };
}

// --- votes for a turn and a scale (7.4)

function votes(peaks, layout, most = 4) {
  const proposals = [];
  for (const side of [1, -1]) {
    const grid = new Float32Array(ANGLES * SCALES);
    const template = layout.pilots.map(({ u, v, radius }) => [Math.atan2(side * v, u), Math.log(radius / TILE)]);
    for (const { x, y, weight } of peaks) {
      const angle = Math.atan2(y, x) + 2 * Math.PI;
      const size = Math.log(Math.hypot(x, y));
      for (const [pilotAngle, pilotSize] of template) {
        const turn = (angle - pilotAngle) % Math.PI;
        const grow = size - pilotSize;
        const column = Math.floor(((grow + 2) / 4) * SCALES);
        if (column < 0 || column >= SCALES) continue;
        grid[(Math.floor((turn / Math.PI) * ANGLES) % ANGLES) * SCALES + column] += weight;
      }
    }
    proposals.push(...tops(grid, most).map((top) => ({ ...top, side })));
  }
  proposals.sort((a, b) => b.score - a.score);
  return proposals.slice(0, most).map(({ turn, grow, side }) => {
    const [cos, sin] = [Math.cos(turn) * Math.exp(grow), Math.sin(turn) * Math.exp(grow)];
    return [[cos, -sin * side], [sin, cos * side]];
  });
}

function tops(grid, most) {
  const around = new Float32Array(grid.length);
  for (let row = 0; row < ANGLES; row++) {
    for (let column = 1; column < SCALES - 1; column++) {
      let sum = 0;
      for (const dr of [-1, 0, 1]) {
        const from = ((row + dr + ANGLES) % ANGLES) * SCALES + column;
        sum += grid[from - 1] + grid[from] + grid[from + 1];
      }
      around[row * SCALES + column] = sum;
    }
  }
  return Array.from({ length: most }, () => {
    let at = 0;
    for (let i = 1; i < around.length; i++) if (around[i] > around[at]) at = i;
    const [row, column, score] = [Math.floor(at / SCALES), at % SCALES, around[at]];
    for (let r = Math.max(0, row - 3); r <= Math.min(ANGLES - 1, row + 3); r++) {
      around.fill(0, r * SCALES + Math.max(0, column - 3), r * SCALES + Math.min(SCALES, column + 4));
    }
    return { score, turn: ((row + 0.5) / ANGLES) * Math.PI, grow: ((column + 0.5) / SCALES) * 4 - 2 };
  });
}

// The matrix moved onto the peaks in five closing rounds: a turn and scale first, then any straight map.
function fit(start, peaks, layout) {
  const both = [...peaks, ...peaks.map(({ x, y, weight }) => ({ x: -x, y: -y, weight }))];
  let matrix = start;
  let matches = 0;
  let reach = 0.03;
  const side = Math.sign(matrix[0][0] * matrix[1][1] - matrix[0][1] * matrix[1][0]);
  for (let turn = 0; turn < 5; turn++) {
    const pairs = [];
    for (const { u, v } of layout.pilots) {
      const [p, q] = [u / TILE, v / TILE];
      const [x, y] = matrix.map(([a, b]) => a * p + b * q);
      let nearest = null;
      let least = Math.max(reach * Math.hypot(x, y), 0.0012) ** 2;
      for (const peak of both) {
        const apart = (peak.x - x) ** 2 + (peak.y - y) ** 2;
        if (apart < least) [nearest, least] = [peak, apart];
      }
      if (nearest) pairs.push({ p, q, x: nearest.x, y: nearest.y, w: nearest.weight + 0.05 });
    }
    matches = pairs.length;
    if (matches < 5) break;
    const sum = (of) => pairs.reduce((total, pair) => total + pair.w * of(pair), 0);
    if (turn < 2 || matches < 9) {
      const size = sum(({ p, q }) => p * p + q * q);
      const along = sum(({ p, q, x, y }) => p * x + side * q * y) / size;
      const across = sum(({ p, q, x, y }) => p * y - side * q * x) / size;
      matrix = [[along, -across * side], [across, along * side]];
    } else {
      const [pp, pq, qq] = [sum(({ p }) => p * p), sum(({ p, q }) => p * q), sum(({ q }) => q * q)];
      const size = pp * qq - pq * pq;
      matrix = ["x", "y"].map((axis) => {
        const [byP, byQ] = [sum((pair) => pair.p * pair[axis]), sum((pair) => pair.q * pair[axis])];
        return [(byP * qq - byQ * pq) / size, (byQ * pp - byP * pq) / size];
      });
    }
    reach = Math.max(reach / 2, 0.004);
  }
  return { matrix, matches };
}

export { makePlane };
