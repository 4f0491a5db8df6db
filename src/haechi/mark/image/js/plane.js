// Grey planes of floats: luma, blurs, warps and the flattened spectrum. {width, height, values: Float32Array}

export const makePlane = (width, height, values = new Float32Array(width * height)) => ({ width, height, values });

/** Luma over white of RGBA bytes, as canvas getImageData gives them. */
export function lumaOf({ width, height, data }) {
  const plane = makePlane(width, height);
  for (let i = 0; i < plane.values.length; i++) {
    const grey = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
    plane.values[i] = 255 - ((255 - grey) * data[4 * i + 3]) / 255;
  }
  return plane;
}

const mirrored = (at, size) => {
  // ... 2 1 | 0 1 2 ... n-1 | n-2 ...: the edge pixel is not repeated
  let place = at;
  while (place < 0 || place >= size) place = place < 0 ? -place : 2 * size - 2 - place;
  return place;
};

function separable(plane, kernel) {
  const { width, height, values } = plane;
  const half = (kernel.length - 1) / 2;
  const middle = new Float32Array(values.length);
  const out = new Float32Array(values.length);
  const columns = Int32Array.from({ length: width + 2 * half }, (_, i) => mirrored(i - half, width));
  const rows = Int32Array.from({ length: height + 2 * half }, (_, i) => mirrored(i - half, height));
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k] * values[row + columns[x + k]];
      middle[row + x] = sum;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let k = 0; k < kernel.length; k++) {
      const from = rows[y + k] * width;
      const weight = kernel[k];
      for (let x = 0; x < width; x++) out[y * width + x] += weight * middle[from + x];
    }
  }
  return makePlane(width, height, out);
}

export function smooth(plane, sigma) {
  const half = Math.max(1, Math.round(sigma * 4));
  const kernel = Float64Array.from({ length: 2 * half + 1 }, (_, i) => Math.exp(-((i - half) ** 2) / (2 * sigma ** 2)));
  const sum = kernel.reduce((a, b) => a + b);
  return separable(plane, kernel.map((value) => value / sum));
}

export const meanAround = (plane, size) => separable(plane, new Float64Array(size).fill(1 / size));

/** Section 7.1: the residual in which every place counts alike. */
export function residualOf(plane) {
  const low = smooth(plane, 4);
  const rest = plane.values.map((value, i) => value - low.values[i]);
  const size = meanAround(makePlane(plane.width, plane.height, rest.map(Math.abs)), 17).values;
  const values = rest.map((value, i) => Math.max(-2.5, Math.min(2.5, value / (1.25 * size[i] + 0.8))));
  return makePlane(plane.width, plane.height, values);
}

const cubic = (t) => {
  const a = -0.75;
  const x = Math.abs(t);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
};

/** The plane read at matrix * (column, row, 1), bicubic; 0 outside when `cut`, else the edge repeats. */
export function warped(plane, [[a, b, c], [d, e, f]], width, height, cut) {
  const { values } = plane;
  const out = makePlane(width, height);
  const inside = cut ? new Uint8Array(width * height) : null;
  const clamp = (at, size) => Math.max(0, Math.min(size - 1, at));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const px = a * x + b * y + c;
      const py = d * x + e * y + f;
      const x0 = Math.floor(px);
      const y0 = Math.floor(py);
      const to = y * width + x;
      if (inside) inside[to] = px >= -0.5 && py >= -0.5 && px < plane.width - 0.5 && py < plane.height - 0.5 ? 1 : 0;
      if (px < -3 || py < -3 || px > plane.width + 2 || py > plane.height + 2) continue;
      const wx = [cubic(px - x0 + 1), cubic(px - x0), cubic(px - x0 - 1), cubic(px - x0 - 2)];
      let sum = 0;
      for (let j = 0; j < 4; j++) {
        const row = clamp(y0 - 1 + j, plane.height) * plane.width;
        let line = 0;
        for (let i = 0; i < 4; i++) line += wx[i] * values[row + clamp(x0 - 1 + i, plane.width)];
        sum += cubic(py - y0 + 1 - j) * line;
      }
      out.values[to] = sum;
    }
  }
  return { plane: out, inside };
}

// --- radix-2 FFT, in place, on rows or columns of a square power-of-two grid

export function fft(re, im, offset, stride, size) {
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      const p = offset + i * stride;
      const q = offset + j * stride;
      [re[p], re[q]] = [re[q], re[p]];
      [im[p], im[q]] = [im[q], im[p]];
    }
  }
  for (let span = 2; span <= size; span <<= 1) {
    const angle = (-2 * Math.PI) / span;
    for (let k = 0; k < span / 2; k++) {
      const wr = Math.cos(angle * k);
      const wi = Math.sin(angle * k);
      for (let start = k; start < size; start += span) {
        const p = offset + start * stride;
        const q = p + (span / 2) * stride;
        const tr = re[q] * wr - im[q] * wi;
        const ti = re[q] * wi + im[q] * wr;
        re[q] = re[p] - tr;
        im[q] = im[p] - ti;
        re[p] += tr;
        im[p] += ti;
      }
    }
  }
}

/** Peaks of the flattened spectrum (section 7.4): [{x, y, weight}], cycles a pixel, half plane x > 0. */
export function peaksOf(plane) {
  const residual = residualOf(plane);
  const power = (least) => 2 ** Math.ceil(Math.log2(Math.max(least, 512)));
  const columns = power(plane.width);
  const rows = power(plane.height);
  const re = new Float64Array(columns * rows);
  const im = new Float64Array(columns * rows);
  const hann = (i, n) => Math.sqrt(0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 1)) / (n + 1)));
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < plane.width; x++) {
      re[y * columns + x] = residual.values[y * plane.width + x] * hann(y, plane.height) * hann(x, plane.width);
    }
  }
  for (let y = 0; y < plane.height; y++) fft(re, im, y * columns, 1, columns);
  const half = columns / 2 + 1;
  const amplitude = makePlane(half, rows);
  for (let x = 0; x < half; x++) {
    fft(re, im, x, columns, rows);
    for (let y = 0; y < rows; y++) {
      const to = ((y + rows / 2) % rows) * half + x;
      amplitude.values[to] = Math.hypot(re[y * columns + x], im[y * columns + x]);
    }
  }
  const around = meanAround(amplitude, 17).values;
  const heights = amplitude.values.map((value, i) => value / (around[i] + 1e-6));
  const found = [];
  for (let y = 1; y < rows - 1; y++) {
    for (let x = 1; x < half - 1; x++) {
      const at = y * half + x;
      const value = heights[at];
      if (value <= 1.9) continue;
      const near = [-half - 1, -half, -half + 1, -1, 1, half - 1, half, half + 1];
      if (near.some((step) => heights[at + step] > value)) continue;
      const summit = (a, b) => {
        const curve = a - 2 * value + b;
        return Math.abs(curve) > 1e-9 ? Math.max(-0.5, Math.min(0.5, (0.5 * (a - b)) / curve)) : 0;
      };
      const fx = (x + summit(heights[at - 1], heights[at + 1])) / columns;
      const fy = (y - rows / 2 + summit(heights[at - half], heights[at + half])) / rows;
      const radius = Math.hypot(fx, fy);
      if (radius > 0.012 && radius < 0.5) found.push({ x: fx, y: fy, height: value });
    }
  }
  found.sort((a, b) => b.height - a.height);
  found.length = Math.min(found.length, 700);
  const crowd = found.length ? Math.max(1.9, found[Math.min(240, found.length - 1)].height) : 1;
  return found
    .map(({ x, y, height }) => ({ x, y, weight: Math.max(0, Math.min(1.5, height / crowd - 0.75)) }))
    .filter(({ weight }) => weight > 0);
}
