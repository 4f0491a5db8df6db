"""A command that was used wrongly.

BadInput
└── WronglyUsed       the command line itself is wrong; exit code 2
"""

from haechi.errors import BadInput
from haechi.words import Text


class WronglyUsed(BadInput):
    """A command, option or argument is missing, unknown or wrong; facts: why, command."""

    code = "cli.usage"
    what = Text("wrong usage: {why}", "사용법이 틀렸습니다: {why}")
    hint = Text("see `{command} --help`", "`{command} --help` 를 보세요")
