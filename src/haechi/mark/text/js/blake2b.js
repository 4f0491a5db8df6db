// BLAKE2b without a key, with a personalisation (RFC 7693; parameter block of the BLAKE2 paper, section 2.8).

const MASK = (1n << 64n) - 1n;
const IV = [
  0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n,
];
const SIGMA = [
  "0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8", "905724afe1bc683d",
  "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a", "6fe9b308c2d714a5", "a2847615fb9e3cd0",
].map((row) => [...row].map((digit) => parseInt(digit, 16)));
const BLOCK = 128;

const turned = (value, by) => ((value >> by) | (value << (64n - by))) & MASK;

/** The first `size` bytes of BLAKE2b with this digest size. data: bytes; person: at most 16 ASCII letters. */
export function blake2b(data, size, person) {
  const parameters = new Uint8Array(64);
  parameters.set([size, 0, 1, 1]);
  parameters.set(new TextEncoder().encode(person), 48);
  const state = wordsOf(parameters).map((word, i) => word ^ IV[i]);
  const count = Math.max(1, Math.ceil(data.length / BLOCK));
  for (let n = 0; n < count; n++) {
    const block = new Uint8Array(BLOCK);
    block.set(data.subarray(n * BLOCK, (n + 1) * BLOCK));
    const last = n === count - 1;
    compress(state, wordsOf(block), BigInt(last ? data.length : (n + 1) * BLOCK), last);
  }
  const out = new DataView(new ArrayBuffer(64));
  state.forEach((word, i) => out.setBigUint64(8 * i, word, true));
  return new Uint8Array(out.buffer).slice(0, size);
}

function wordsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 8 }, (_, i) => view.getBigUint64(8 * i, true));
}

function compress(state, message, counter, last) {
  const v = [...state, ...IV];
  v[12] ^= counter;
  if (last) v[14] ^= MASK;
  const mix = (a, b, c, d, x, y) => {
    v[a] = (v[a] + v[b] + x) & MASK;
    v[d] = turned(v[d] ^ v[a], 32n);
    v[c] = (v[c] + v[d]) & MASK;
    v[b] = turned(v[b] ^ v[c], 24n);
    v[a] = (v[a] + v[b] + y) & MASK;
    v[d] = turned(v[d] ^ v[a], 16n);
    v[c] = (v[c] + v[d]) & MASK;
    v[b] = turned(v[b] ^ v[c], 63n);
  };
  for (let round = 0; round < 12; round++) {
    const order = SIGMA[round % 10];
    const m = (i) => message[order[i]];
    for (let i = 0; i < 4; i++) mix(i, 4 + i, 8 + i, 12 + i, m(2 * i), m(2 * i + 1));
    for (let i = 0; i < 4; i++) {
      mix(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4), m(8 + 2 * i), m(9 + 2 * i));
    }
  }
  for (let i = 0; i < 8; i++) state[i] ^= v[i] ^ v[i + 8];
}
