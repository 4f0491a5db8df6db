"""How many records of each kind the facts hold, as a table for the reference page."""

from collections import Counter
from collections.abc import Sequence

from haechi.facts.row import SHEETS, Row, Rows

_NAMES = {
    "evidence_kinds": "kinds of evidence",
    "evidence_subkinds": "sub-kinds of evidence",
    "force": "degrees of force",
    "memberships": "lists of parties",
    "classes": "risk classes",
    "reliefs": "reliefs for small firms and start-ups",
    "relations": "crosswalk relations",
}


def counts_table(table: Rows) -> str:
    """The counts as Markdown tables, ending in a newline: records by file, then records by confidence."""
    lines = ["| file | records | count |", "|---|---|---:|"]
    for file, sheet in SHEETS.items():
        lines += [
            f"| `{file}.yaml` | {_NAMES.get(section, section)} | {len(table[section])} |"
            for section in sheet.sections
        ]
    lines += ["", "| records | high | medium | low | of these recalled |", "|---|---:|---:|---:|---:|"]
    for section, found in table.items():
        if any("confidence" in row.fields for row in found):
            lines.append(_confidence_line(_NAMES.get(section, section), found))
    return "\n".join(lines) + "\n"


def _confidence_line(name: str, found: Sequence[Row]) -> str:
    by = Counter(row.text("confidence") for row in found)
    recalled = sum(row.text("checked") == "recalled" for row in found)
    return f"| {name} | {by['high']} | {by['medium']} | {by['low']} | {recalled} |"
