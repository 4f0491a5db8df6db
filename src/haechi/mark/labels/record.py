"""The one record that all labels are made from, and what each rule's label says of it."""

import json
from datetime import UTC, datetime
from typing import NamedTuple

from haechi.statement.kinds.content_mark import SourceType
from haechi.words import Text

AI, POSSIBLY_AI, SUSPECTED_AI = "1", "2", "3"
AIGC_FIELDS = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)


class LabelRecord(NamedTuple):
    """Who made the content, with what, when, and under which id.

    made: with time zone; id: unique for the provider, the watermark's payload where there is one; producer:
    the registered code of the provider in China, or None.
    """

    provider: str
    system: str
    version: str
    made: datetime
    id: str
    source_type: SourceType = "trainedAlgorithmicMedia"
    producer: str | None = None

    @property
    def moment(self) -> str:
        """The time in RFC 3339, UTC, to the second."""
        return self.made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def aigc_json(record: LabelRecord) -> str:
    """The `AIGC` field of GB 45438-2025: exactly seven members, in the order of the standard."""
    values = (AI, record.producer or record.provider, record.id, "", "", "", "")
    return json.dumps(dict(zip(AIGC_FIELDS, values, strict=True)), ensure_ascii=False, separators=(",", ":"))


KOREAN_NOTICES: dict[str, Text] = {
    "before": Text(
        "This service uses generative artificial intelligence.", "이 서비스는 생성형 인공지능을 사용합니다."
    ),
    "output": Text(
        "This content was made by generative artificial intelligence.",
        "이 콘텐츠는 생성형 인공지능으로 만들어졌습니다.",
    ),
    "invisible": Text(
        "An invisible, machine-readable mark in the file says so as well.",
        "파일에는 눈에 보이지 않지만 기계가 읽을 수 있는 표시도 들어 있습니다.",
    ),
}
"""Notices that the Korean guideline asks for: before use, with the output, and once about invisible marks."""
