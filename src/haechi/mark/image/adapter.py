"""A place for other engines: a learned model that a user has the weights of can stand beside ours.

An adapter speaks pixels and payloads as `embed` and `detect` do. Which engine wrote a mark is named by its
soft-binding algorithm, so that a reader knows whom to ask.
"""

from typing import Any, Protocol

from numpy.typing import NDArray

from haechi.mark.payload import Payload

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
