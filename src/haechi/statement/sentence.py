"""A sentence with places for sentences: the reason inside an error, in the reader's language."""

from haechi.errors import HaechiError
from haechi.words import Lang, Text


class Sentence(Text):
    """A Text whose facts may be Texts too; each is said in the language of the whole.

    >>> Sentence("refused: {why}", "거부됨: {why}").say("ko", why=Text("no key", "키 없음"))
    '거부됨: 키 없음'
    """

    __slots__ = ()

    def say(self, lang: Lang, **facts: object) -> str:
        """The sentence in `lang`, its Text facts said in `lang` as well."""
        told = {name: fact.say(lang) if isinstance(fact, Text) else fact for name, fact in facts.items()}
        return super().say(lang, **told)


def reason_of(error: HaechiError) -> Text:
    """What an error says, in both languages, to stand inside another sentence."""
    return Text(error.say("en"), error.say("ko"))
