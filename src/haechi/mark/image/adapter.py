"""A place for other engines: a learned model that a user has the weights of can stand beside ours.

An adapter speaks pixels and payloads as `embed` and `detect` do. Which engine wrote a mark is named by its
soft-binding algorithm, so that a reader knows whom to ask.

BadInput
└── EngineUnfit   an engine gave back something else than the picture with its mark
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from numpy.typing import NDArray

from haechi.errors import BadInput
from haechi.mark.bound import LOG10_P_LIMIT
from haechi.mark.payload import Payload
from haechi.words import Text

LATTICE_ALGORITHM = "org.haechi.lattice.1"
"""The name of our own engine in soft bindings and statements."""


class EngineReading(Protocol):
    """What any engine says of a picture: the payload, and log10 of its own false-positive bound."""

    @property
    def payload(self) -> Payload:
        """The 64 bits."""
        ...

    @property
    def log10_p(self) -> float:
        """At most 0."""
        ...


class Engine(Protocol):
    """A watermark engine for pictures. Weights come from the user; nothing is ever downloaded."""

    @property
    def algorithm(self) -> str:
        """Its soft-binding name, for example `com.adobe.trustmark.Q`."""
        ...

    def write(self, pixels: NDArray[Any], payload: Payload) -> NDArray[Any]:
        """The marked picture, same shape and type."""
        ...

    def read(self, pixels: NDArray[Any]) -> EngineReading | None:
        """The mark, or None."""
        ...


class EngineUnfit(BadInput):
    """An engine of the user's does not keep to its part; facts: algorithm, why."""

    code: ClassVar[str] = "mark.engine.unfit"
    what = Text(
        "the engine {algorithm} did not mark the picture: {why}",
        "엔진 {algorithm}이(가) 그림에 마크를 넣지 못했습니다: {why}",
    )
    hint = Text(
        "nothing was written; check the engine's weights and its adapter",
        "기록된 것은 없습니다. 엔진의 가중치와 어댑터를 확인하세요",
    )


@dataclass(frozen=True, slots=True)
class EngineMark:
    """A mark that another engine read: the number and its bound, and no geometry to put a copy upright by."""

    payload: Payload
    log10_p: float
    algorithm: str
    geometry: None = None

    @property
    def key_id(self) -> str:
        """Its keys, if it has any, lie in its weights: the algorithm stands for them."""
        return self.algorithm

    key_name = key_id


def write_with(engine: Engine, pixels: NDArray[Any], payload: Payload) -> NDArray[Any]:
    """The picture as the engine marked it; raises EngineUnfit when it is not of the same shape and type."""
    made = engine.write(pixels, payload)
    if made.shape != pixels.shape or made.dtype != pixels.dtype:
        raise EngineUnfit(algorithm=engine.algorithm, why=f"{made.dtype} {made.shape}")
    return made


def read_with(engines: Sequence[Engine], pixels: NDArray[Any]) -> EngineMark | None:
    """The mark of the first engine that reads one as surely as we ask of our own.

    What an engine says of its own certainty is believed: it is the user who brought it.
    """
    for engine in engines:
        said = engine.read(pixels)
        if said is not None and said.log10_p <= LOG10_P_LIMIT:
            return EngineMark(said.payload, said.log10_p, engine.algorithm)
    return None
