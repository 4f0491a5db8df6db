"""Another implementation of C2PA, from npm and in pure TypeScript, agrees with ours.

It does not follow chains of trust, so an unrecognised signer is compared by signature and content only.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.mark.credentials.conftest import SAYS, picture

from haechi.findings import Verdict
from haechi.mark.credentials import Authority, anchors, read_credential, sign_credential
from haechi.words import Text

pytest.importorskip("c2pa", reason="the extra `mark` is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]
PACKAGE = "@trustnxt/c2pa-ts@0.9.4"
SCRIPT = Path(__file__).with_name("read_elsewhere.mjs")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("npm")
    words = [
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
        str(folder),
        PACKAGE,
    ]
    done = subprocess.run(words, capture_output=True, check=False, timeout=120)
    if done.returncode:
        pytest.skip("the package cannot be had from npm here")
    shutil.copy(SCRIPT, folder)
    return folder


def elsewhere(folder: Path, files: dict[str, bytes]) -> dict[str, Any]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    words = ["node", SCRIPT.name, *files]
    done = subprocess.run(words, capture_output=True, check=True, timeout=60, cwd=folder)
    return json.loads(done.stdout)


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg"])
def test_both_agree_on_genuine_altered_stripped_and_unrecognised(
    folder: Path, authority: Authority, media_type: str
):
    source = picture(media_type)
    genuine = sign_credential(source, media_type, SAYS, authority).data
    sample = source[len(source) // 2 : len(source) // 2 + 24]
    at = genuine.index(sample)
    altered = genuine[:at] + bytes((sample[0] ^ 1,)) + genuine[at + 1 :]
    told = elsewhere(folder, {"genuine": genuine, "altered": altered, "stripped": source})
    trust = [anchors(Text("Korea", "한국"), authority.root.pem)]
    assert told["genuine"]["valid"] is True
    assert read_credential(genuine, media_type, trust).finding.verdict is Verdict.HOLDS
    assert read_credential(genuine, media_type).finding.code == "mark.credential.unrecognised"
    assert told["altered"]["valid"] is False
    failed = {each["code"] for each in told["altered"]["codes"] if not each["success"]}
    assert failed == {"assertion.dataHash.mismatch"}
    assert read_credential(altered, media_type, trust).finding.code == "mark.credential.altered"
    assert told["stripped"] == {"found": False}
    assert read_credential(source, media_type, trust).finding.code == "mark.credential.absent"
