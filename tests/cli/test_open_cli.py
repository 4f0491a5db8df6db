"""`haechi open` asks for witnesses as `haechi verify` does."""

from pathlib import Path

from tests.answers.incidents import KEY, about, claim, logged, payload
from tests.cli.ran import Run
from tests.log.test_quorum import UK
from tests.network.parties import bundle, pins

from haechi.statement.envelope import Sharing
from haechi.statement.keyring import save_key
from haechi.statement.seal_keys import SealKey
from haechi.statement.sharing import sign_encrypted


def test_a_quorum_that_is_not_met_leaves_what_was_opened_undecided(run: Run, tmp_path: Path) -> None:
    reader = SealKey.generate()
    save_key(tmp_path / "keys", "reader", reader)
    subject = sign_encrypted(KEY, about(Sharing.AMBER), payload(claim()), [reader.public])
    korea, policy = logged(subject)
    file = tmp_path / "incident.haechi"
    file.write_bytes(bundle([korea.item("subject", subject), korea.item("policy", policy)]))
    pins(korea).save(tmp_path / "pins.json")
    options = ("--pins", tmp_path / "pins.json", "--with", "reader", "--keys", tmp_path / "keys", "--json")
    unasked = run("open", file, *options)
    assert (unasked.code, unasked.data["verdict"]) == (0, "HOLDS")
    assert "log.quorum.not-asked" in {check["code"] for check in unasked.data["checks"]}
    policy = tmp_path / "witness.policy"
    policy.write_text(f"witness uk {UK}\nquorum uk\n")
    asked = run("open", file, *options, "--policy", policy)
    assert (asked.code, asked.data["verdict"]) == (3, "UNDECIDED")
    assert "log.quorum.unwitnessed" in {check["code"] for check in asked.data["checks"]}
    assert asked.data["claim"] == unasked.data["claim"]
    nobody = run("open", file, *options, "--quorum", "1")
    assert nobody.code == 4  # no witness is pinned here
