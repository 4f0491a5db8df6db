"""A profile in plain YAML: read without surprises, and refused with its line where it is more than that."""

import pytest
import yaml

from haechi.answers.plainyaml import PlainYamlRefused, read_plain_yaml

GOOD = """\
# a profile
name: "image studio"   # with a comment
applications: [app.genai, app.hiring]
countries:
  - KR
  - DE
users: []
autonomy:
high_impact: false
compute_flop: 1.5e+24
revenue_usd: 2000000
"""


def test_it_reads_what_a_yaml_library_reads() -> None:
    assert read_plain_yaml(GOOD) == yaml.safe_load(GOOD)


def test_norway_is_a_country() -> None:
    assert read_plain_yaml("countries: [NO]")["countries"] == ["NO"]
    assert yaml.safe_load("countries: [NO]")["countries"] == [False]


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("users: {a: b}", 12),
        ("users: &anchor x", 12),
        ("users: !!python/object:os.system x", 12),
        ("users: |", 12),
        ("  nested: x", 12),
        ("- item of nothing", 12),
        ("name: again", 12),
        ("x: [KR", 12),
        ("x: [KR,,DE]", 12),
        ("x: 'open", 12),
        ("x:\ttab", 12),
        ("just words", 12),
    ],
)
def test_more_yaml_than_a_profile_needs_is_refused_with_its_line(line: str, at: int) -> None:
    read_plain_yaml(GOOD)
    with pytest.raises(PlainYamlRefused) as refused:
        read_plain_yaml(f"{GOOD}{line}\n")
    assert f"line {at}" in refused.value.say("en")
    assert f"{at}행" in refused.value.say("ko")
