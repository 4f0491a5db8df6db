"""WAV files chunk by chunk: the samples change, and every other chunk stays byte for byte."""

import struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haechi.mark.audio.grid import Samples

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
XMP_CHUNK, CREDENTIAL_CHUNK = b"_PMX", b"C2PA"
MOST_CHUNKS = 1000


class Wave(NamedTuple):
    """A WAV file apart. chunks: (name, body) in order; form: of the samples, PCM or FLOAT; bits: a sample."""

    chunks: tuple[tuple[bytes, bytes], ...]
    form: int
    channels: int
    rate: int
    bits: int

    def body(self, name: bytes) -> bytes | None:
        """The first chunk of this name."""
        return next((body for each, body in self.chunks if each == name), None)


def parsed(source: bytes) -> Wave:
    """The chunks of a WAV file; raises ValueError for one that is broken or of a kind that is not read."""
    if source[:4] != b"RIFF" or source[8:12] != b"WAVE":
        raise ValueError("not a RIFF WAVE file")
    chunks: list[tuple[bytes, bytes]] = []
    at = 12
    while at + 8 <= len(source) and len(chunks) < MOST_CHUNKS:
        name, size = source[at : at + 4], int.from_bytes(source[at + 4 : at + 8], "little")
        chunks.append((name, source[at + 8 : at + 8 + size]))
        at += 8 + size + (size & 1)
    form = next((body for name, body in chunks if name == b"fmt "), b"")
    if len(form) < 16:
        raise ValueError("no form of the samples")
    kind, channels, rate, _, block, bits = struct.unpack("<HHIIHH", form[:16])
    if kind == EXTENSIBLE and len(form) >= 26:
        kind = int.from_bytes(form[24:26], "little")
    if (kind, bits) not in _READ or channels == 0 or block != channels * bits // 8:
        raise ValueError(f"samples of kind {kind} with {bits} bits")
    return Wave(tuple(chunks), kind, channels, rate, bits)


_READ = {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)}


def samples_of(wave: Wave) -> Samples:
    """(n, channels) floats; what a cut file lacks is left out."""
    raw = wave.body(b"data") or b""
    width = wave.bits // 8
    raw = raw[: len(raw) // (width * wave.channels) * width * wave.channels]
    match wave.form, wave.bits:
        case (1, 8):
            flat = (np.frombuffer(raw, np.uint8).astype(np.float32) - 128.0) / 128.0
        case (1, 16):
            flat = np.frombuffer(raw, "<i2").astype(np.float32) / 2.0**15
        case (1, 24):
            parts = np.frombuffer(raw, np.uint8).reshape(-1, 3)
            whole = np.zeros((len(parts), 4), np.uint8)
            whole[:, 1:] = parts
            flat = (whole.reshape(-1).view("<i4") / 2.0**31).astype(np.float32)
        case (1, _):
            flat = (np.frombuffer(raw, "<i4") / 2.0**31).astype(np.float32)
        case (_, 64):
            flat = np.frombuffer(raw, "<f8").astype(np.float32)
        case _:
            flat = np.frombuffer(raw, "<f4")
    return flat.reshape(-1, wave.channels)


def with_samples(wave: Wave, samples: NDArray[Any], xmp: bytes | None) -> bytes:
    """The file with other samples and this XMP packet; an old credential, no longer true, is left out."""
    chunks: list[tuple[bytes, bytes]] = []
    for name, body in wave.chunks:
        if name == b"data":
            chunks.append((name, _packed(wave, samples)))
        elif name not in (CREDENTIAL_CHUNK, XMP_CHUNK):
            chunks.append((name, body))
    if xmp is not None:
        chunks.append((XMP_CHUNK, xmp))
    parts = [
        name + len(body).to_bytes(4, "little") + body + b"\x00" * (len(body) & 1) for name, body in chunks
    ]
    inside = b"WAVE" + b"".join(parts)
    return b"RIFF" + len(inside).to_bytes(4, "little") + inside


def _packed(wave: Wave, samples: NDArray[Any]) -> bytes:
    flat = np.asarray(samples, np.float64).reshape(-1)
    if wave.form == FLOAT:
        return flat.astype("<f8" if wave.bits == 64 else "<f4").tobytes()
    most = 2.0 ** (wave.bits - 1)
    whole = np.clip(np.rint(flat * most), -most, most - 1)
    match wave.bits:
        case 8:
            return (whole + 128).astype(np.uint8).tobytes()
        case 16:
            return whole.astype("<i2").tobytes()
        case 24:
            return whole.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
        case _:
            return whole.astype("<i4").tobytes()
