"""The detector page: anybody drops a picture or pastes a text, and it is read in the browser.

A sound or a film is sent to the node: its search is long for a browser.
"""

from typing import ClassVar

from haechi.node.pages.scripts import Bundle
from haechi.node.pages.source import Source
from haechi.node.pages.view import Page, frame

LIMIT_MIB, LIMIT_FILM_MIB = 24, 64
LIMIT_MINUTES = 5
DETECTOR = Bundle(
    "detector",
    (
        # By way of `haechi.mark`: the package of the engine itself would load NumPy.
        ("haechi.mark", "image/js", ("detect.js", "lattice.js", "plane.js")),
        ("haechi.mark", "text/js", ("text.js", "tail.js", "words.js", "aes.js", "blake2b.js")),
        (
            "haechi.node.pages",
            "detector",
            ("page.js", "worker.js", "sent-page.js", "drop-page.js", "text-page.js", "layers.js"),
        ),
    ),
)


class DetectPage(Page, frozen=True, kw_only=True, tag_field="schema", tag="haechi.page.detect/1"):
    """Where all media are looked at. The limits are those of what is sent to the node."""

    template: ClassVar[str] = "detect.html"
    scripts: ClassVar[Bundle | None] = DETECTOR

    limit_mib: int
    limit_film_mib: int
    limit_minutes: int


def detect_page(source: Source, now: int) -> DetectPage:
    """The detector page."""
    shared = frame(source, now)
    return DetectPage(
        node=shared.node,
        path="detect",
        made=shared.made,
        facts_version=shared.facts_version,
        limit_mib=LIMIT_MIB,
        limit_film_mib=LIMIT_FILM_MIB,
        limit_minutes=LIMIT_MINUTES,
    )
