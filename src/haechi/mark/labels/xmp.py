"""Labels as XMP: IPTC digital source type and AI fields, TC260 `AIGC`, and the latent fields of California.

    BadInput
    └── PacketMalformed   XMP that is too large, or not well-formed, or that holds what XMP has no use for

A packet that is already there is kept: earlier labels of the same properties are taken out of it, ours are
added, and the result is read back before it is used.
"""

import re
from typing import NamedTuple
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from haechi.errors import BadInput
from haechi.mark.labels.record import LabelRecord, aigc_json
from haechi.words import Text

MAX_PACKET_BYTES = 1 << 20
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"
OWN = "urn:haechi:label:1"
SOURCE_TYPE_BASE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_BEGIN, _END = '<rdf:Description rdf:about="" xmlns:haechi="urn:haechi:label:1"', "</rdf:Description>"
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
_TAIL = '</x:xmpmeta><?xpacket end="w"?>'
_CLOSING = re.compile(r"</rdf:RDF\s*>")
_OWN_PART = re.compile(re.escape(_BEGIN) + r".*?" + re.escape(_END), re.DOTALL)
_NAMES = ("DigitalSourceType", "AISystemUsed", "AISystemVersionUsed", "AIGC")
_OLD_ELEMENT = re.compile(
    rf"<(Iptc4xmpExt|TC260):({'|'.join(_NAMES)})\b[^>]*?(/>|>.*?</\1:\2\s*>)", re.DOTALL
)
_OLD_ATTRIBUTE = re.compile(rf"\s(?:Iptc4xmpExt|TC260):(?:{'|'.join(_NAMES)})=(\"[^\"]*\"|'[^']*')")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class PacketMalformed(BadInput):
    """XMP that is not read; facts: why."""

    code = "mark.labels.xmp"
    what = Text("the file's XMP cannot be read: {why}", "파일의 XMP를 읽을 수 없습니다: {why}")
    hint = Text("save the file again with a tool that writes XMP", "XMP를 쓰는 도구로 다시 저장하세요")


class LabelsRead(NamedTuple):
    """What labels a file carries; None or () where it does not."""

    source_type: str | None = None
    system: str | None = None
    version: str | None = None
    provider: str | None = None
    made: str | None = None
    id: str | None = None
    aigc: str | None = None

    @property
    def any(self) -> bool:
        """Whether there is any label."""
        return any(value is not None for value in self)


_PLACES = {
    f"{{{IPTC}}}DigitalSourceType": "source_type",
    f"{{{IPTC}}}AISystemUsed": "system",
    f"{{{IPTC}}}AISystemVersionUsed": "version",
    f"{{{TC260}}}AIGC": "aigc",
    f"{{{OWN}}}Provider": "provider",
    f"{{{OWN}}}Made": "made",
    f"{{{OWN}}}Id": "id",
}


def packet_of(record: LabelRecord, earlier: bytes | None = None) -> bytes:
    """The XMP packet with the labels of `record`, and with what `earlier` held beside them.

    Raises PacketMalformed when `earlier` cannot be read, and nothing is lost silently.
    """
    part = _description(record)
    if earlier is None or not earlier.strip(b"\x00 \r\n\t"):
        made = f'{_HEAD}<rdf:RDF xmlns:rdf="{RDF}">{part}</rdf:RDF>{_TAIL}'
    else:
        _tree(earlier)
        text = _OWN_PART.sub("", earlier.decode("utf-8"))
        text = _OLD_ATTRIBUTE.sub("", _OLD_ELEMENT.sub("", text))
        made, count = _CLOSING.subn(lambda closing: part + closing[0], text, count=1)
        if not count:
            raise PacketMalformed(why="no closing rdf:RDF")
    packet = made.encode()
    read_labels(packet)
    return packet


def read_labels(packet: bytes) -> LabelsRead:
    """The labels in a packet; raises PacketMalformed."""
    found: dict[str, str] = {}
    for node in _tree(packet).iter(f"{{{RDF}}}Description"):
        members = [*node.attrib.items(), *((child.tag, "".join(child.itertext())) for child in node)]
        for name, value in members:
            place = _PLACES.get(name)
            if place is not None and value.strip():
                found.setdefault(place, value.strip()[:2000])
    if "source_type" in found:
        found["source_type"] = found["source_type"].removeprefix(SOURCE_TYPE_BASE)
    return LabelsRead(**found)


def _tree(packet: bytes) -> ET.Element:
    if len(packet) > MAX_PACKET_BYTES:
        raise PacketMalformed(why=f"{len(packet)} bytes")
    if b"<!" in packet.replace(b"<!--", b""):  # no document type, so no entity can be declared
        raise PacketMalformed(why="a document type or CDATA")
    try:
        text = packet.decode("utf-8").strip("\x00 \r\n\t\ufeff")
        return ET.fromstring(text)  # noqa: S314  # bounded, and without a document type
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise PacketMalformed(why=str(error)[:160]) from error


def _description(record: LabelRecord) -> str:
    members = (
        ("Iptc4xmpExt:DigitalSourceType", SOURCE_TYPE_BASE + record.source_type),
        ("Iptc4xmpExt:AISystemUsed", record.system),
        ("Iptc4xmpExt:AISystemVersionUsed", record.version),
        ("TC260:AIGC", aigc_json(record)),
        ("haechi:Provider", record.provider),
        ("haechi:Made", record.moment),
        ("haechi:Id", record.id),
    )
    inside = "".join(f"<{name}>{escape(_UNPRINTABLE.sub('', value))}</{name}>" for name, value in members)
    return f'{_BEGIN} xmlns:Iptc4xmpExt="{IPTC}" xmlns:TC260="{TC260}">{inside}{_END}'
