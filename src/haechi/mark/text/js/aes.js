// AES-256, encryption of single blocks (FIPS 197), used as a keyed random function.
// The browser's own cryptography offers no mode without chaining, and blocks here are looked up one by one.

const SBOX = new Uint8Array(256);
const double = (value) => ((value << 1) ^ (value & 0x80 ? 0x1b : 0)) & 0xff;

// Walk through the field by the generator 3 and its inverse at once (FIPS 197 section 5.1.1).
for (let power = 1, inverse = 1; ; ) {
  const q = inverse;
  SBOX[power] = q ^ rotated(q, 1) ^ rotated(q, 2) ^ rotated(q, 3) ^ rotated(q, 4) ^ 0x63;
  power ^= double(power);
  inverse = divided(inverse);
  if (power === 1) break;
}
SBOX[0] = 0x63;

function rotated(value, by) {
  return ((value << by) | (value >> (8 - by))) & 0xff;
}

function divided(value) {
  let out = value ^ (value << 1);
  out ^= out << 2;
  out ^= out << 4;
  out &= 0xff;
  return out & 0x80 ? out ^ 0x09 : out;
}

/** The 15 round keys of a 32-byte key, 240 bytes. */
export function expanded(key) {
  if (key.length !== 32) throw new RangeError("an AES-256 key has 32 bytes");
  const words = new Uint8Array(240);
  words.set(key);
  let constant = 1;
  for (let at = 32; at < 240; at += 4) {
    let last = words.slice(at - 4, at);
    if (at % 32 === 0) {
      last = [SBOX[last[1]] ^ constant, SBOX[last[2]], SBOX[last[3]], SBOX[last[0]]];
      constant = double(constant);
    } else if (at % 32 === 16) {
      last = [...last].map((byte) => SBOX[byte]);
    }
    for (let i = 0; i < 4; i++) words[at + i] = words[at + i - 32] ^ last[i];
  }
  return words;
}

/** The encryption of one 16-byte block under expanded keys. */
export function encrypted(keys, block) {
  let state = block.map((byte, i) => byte ^ keys[i]);
  const moved = new Uint8Array(16);
  for (let round = 1; round <= 14; round++) {
    for (let i = 0; i < 16; i++) moved[i] = SBOX[state[(i + 4 * (i % 4)) % 16]];
    const next = new Uint8Array(16);
    for (let column = 0; column < 16; column += 4) {
      const [a, b, c, d] = moved.subarray(column, column + 4);
      const all = a ^ b ^ c ^ d;
      const mixed = [
        a ^ all ^ double(a ^ b), b ^ all ^ double(b ^ c), c ^ all ^ double(c ^ d), d ^ all ^ double(d ^ a),
      ];
      for (let i = 0; i < 4; i++) {
        next[column + i] = (round === 14 ? moved[column + i] : mixed[i]) ^ keys[16 * round + column + i];
      }
    }
    state = next;
  }
  return state;
}
