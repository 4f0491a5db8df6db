"""One operation of the HTTP API, as the table of them (`operations.py`) describes it."""

from typing import Literal, NamedTuple

from haechi.words import Text

PROBLEM_TYPE = "application/concise-problem-details+cbor"
Method = Literal["GET", "POST", "PUT"]


class Parameter(NamedTuple):
    """A part of a path or (never required) of a query. pattern: of its value; example: such a value."""

    name: str
    about: Text
    pattern: str
    example: str
    place: Literal["path", "query"] = "path"


class Answer(NamedTuple):
    """An answer that is no error. media_type: None without a body; schema: name of its JSON schema."""

    status: int
    media_type: str | None
    about: Text
    schema: str | None = None
    location: bool = False


class Operation(NamedTuple):
    """One method on one path. route: the application's template, when it is another than `path`.

    body: the media type of what is sent; refusals: the statuses of errors that this operation may answer with
    besides 503 (unavailable) and, where `limited`, 429 (too many requests); told: the media type of a refusal
    that is no problem details; reasons: why, where it is not for the usual reason of that status.
    """

    method: Method
    path: str
    about: Text
    answer: Answer
    parameters: tuple[Parameter, ...] = ()
    body: str | None = None
    refusals: tuple[int, ...] = ()
    route: str = ""
    shows_problems: bool = True
    limited: bool = True
    told: tuple[tuple[int, str], ...] = ()
    reasons: tuple[tuple[int, Text], ...] = ()

    @property
    def template(self) -> str:
        """The application's route."""
        return self.route or self.path

    @property
    def name(self) -> str:
        """A name for generated clients."""
        words = (
            self.path.replace(".", " ").replace("-", " ").replace("/", " ").replace("{", "").replace("}", "")
        )
        return "_".join([self.method.lower(), *words.split()])
