"""What all records of the facts share: they are frozen, strict, and named in English and Korean."""

import msgspec

from haechi.words import Text


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """One record as compiled. Unknown fields are refused when it is read; nothing changes it afterwards."""


class Named(Record, frozen=True, kw_only=True):
    """A record with an id of its own and a name in both languages."""

    id: str
    name: str
    name_ko: str

    @property
    def label(self) -> Text:
        """The name, for people."""
        return Text(self.name, self.name_ko)
