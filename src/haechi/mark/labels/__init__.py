"""Labels for people and machines: one record, written as each country's rules ask for it, and read back."""

from haechi.mark.labels.carrier import packet_in, with_packet
from haechi.mark.labels.duties import COUNTRIES, LAYERS, Layer, country_of, duty_findings, served
from haechi.mark.labels.record import KOREAN_NOTICES, LabelRecord, aigc_json
from haechi.mark.labels.visible import Wording, draw_label
from haechi.mark.labels.xmp import LabelsRead, PacketMalformed, packet_of, read_labels

__all__ = [
    "COUNTRIES",
    "KOREAN_NOTICES",
    "LAYERS",
    "LabelRecord",
    "LabelsRead",
    "Layer",
    "PacketMalformed",
    "Wording",
    "aigc_json",
    "country_of",
    "draw_label",
    "duty_findings",
    "packet_in",
    "packet_of",
    "read_labels",
    "served",
    "with_packet",
]
