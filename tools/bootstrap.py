"""Sets up the environment a make target needs, from the hashed locks and nothing else.

    python3 tools/bootstrap.py runtime    .venv        what `haechi` runs with
    python3 tools/bootstrap.py demo       .venv        the same, and what marking content needs
    python3 tools/bootstrap.py test       .venv        the same, and what the tests need
    python3 tools/bootstrap.py check      .venv        the same, and linters, type checker, uv
    python3 tools/bootstrap.py bench      .venv-bench  the same as runtime, and the peers measured against

Standard library only. Works with uv; with a Python whose venv has no ensurepip and whose pip refuses to
touch the system (Debian 12); and with a plain venv. Done work is remembered in a stamp, so a second run
costs a few file reads. HAECHI_INSTALLER=pip or =uv overrides the choice of installer.
"""

from __future__ import annotations  # old Pythons must get as far as the message in `newer_python`

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from importlib import metadata, util
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
NEWEST_TRIED = 14
PIP_WITH_PYTHON_OPTION = (22, 3)
KOREAN = next((v for v in map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG")) if v), "").startswith("ko")

# name: (folder, lock, locks that contain it in the same folder)
PROFILES = {
    "runtime": (".venv", "lock.txt", ("lock.txt", "demo.txt", "test.txt", "check.txt")),
    "demo": (".venv", "demo.txt", ("demo.txt", "test.txt", "check.txt")),
    "test": (".venv", "test.txt", ("test.txt", "check.txt")),
    "check": (".venv", "check.txt", ("check.txt",)),
    "bench": (".venv-bench", "bench.txt", ("bench.txt",)),
}
# Declare a newer Python than they need; measured to run on 3.11.
FORCED_PEERS = ("aics-tlog", "aics-witness")
WITH_PEERS = ("test", "check", "bench")


def say(en: str, ko: str) -> None:
    """One line about what is happening, on standard error, in the reader's language."""
    print("haechi: " + (ko if KOREAN else en), file=sys.stderr, flush=True)


def stop(en: str, ko: str) -> None:
    """Say why it cannot go on, and leave with exit code 2."""
    say(en, ko)
    raise SystemExit(2)


def newer_python() -> str | None:
    """A Python on this machine that is new enough: python3.14 down to 3.11 on PATH, or one uv knows."""
    names = [f"python3.{minor}" for minor in range(NEWEST_TRIED, OLDEST[1] - 1, -1)]
    for path in filter(None, map(shutil.which, names)):
        # A version manager's shim can exist for a version that is not there.
        if subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
            return path
    if uv := shutil.which("uv"):
        found = subprocess.run(
            [uv, "python", "find", "--no-project", ">=3.11"], capture_output=True, text=True, check=False
        )
        return found.stdout.strip() or None
    return None


def right_python() -> None:
    """Go on in a Python that is new enough and in no virtual environment; may replace this process."""
    if sys.version_info < OLDEST:
        path = newer_python()
        if path is None:
            stop(
                f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}; "
                "install one, for example python3.11, or let uv do it: uv python install 3.13",
                f"Python 3.11 이상이 필요합니다. 현재 {sys.version.split()[0]}입니다. "
                "python3.11 등을 설치하거나 uv로 설치하세요: uv python install 3.13",
            )
    elif sys.prefix != sys.base_prefix:
        path = os.path.realpath(sys.executable)
    else:
        return
    os.execv(str(path), [str(path), *sys.argv])


def run(*command: str | Path) -> None:
    """Run a program from the project's root; its failure ends this one, after its own words."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=ROOT, check=False)
    if done.returncode != 0:
        stop(f"failed ({done.returncode}): {' '.join(words)}", f"실패({done.returncode}): {' '.join(words)}")


def choose_installer() -> str:
    """How packages get in: "uv", "pip" (of the outer Python, into the venv) or "ensurepip" (pip inside)."""
    wish = os.environ.get("HAECHI_INSTALLER", "")
    if wish != "pip" and shutil.which("uv"):
        return "uv"
    if wish == "uv":
        stop("HAECHI_INSTALLER=uv, but uv is not on PATH", "HAECHI_INSTALLER=uv 이지만 PATH에 uv가 없습니다")
    if util.find_spec("pip"):
        parts = metadata.version("pip").split(".")
        if (int(parts[0]), int(parts[1])) >= PIP_WITH_PYTHON_OPTION:
            return "pip"
    if util.find_spec("ensurepip"):
        return "ensurepip"
    stop(
        "neither uv, pip (22.3 or newer) nor ensurepip is here; on Debian or Ubuntu: apt install python3-pip",
        "uv, pip(22.3 이상), ensurepip이 모두 없습니다. Debian·Ubuntu에서는 apt install python3-pip",
    )
    raise AssertionError  # stop() has left


def make_venv(folder: Path, installer: str) -> None:
    """An empty virtual environment at `folder`, replacing whatever was there."""
    if installer == "uv":
        run("uv", "venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, folder)
    elif installer == "pip":
        run(sys.executable, "-m", "venv", "--clear", "--without-pip", folder)
    else:
        run(sys.executable, "-m", "venv", "--clear", folder)


def install(folder: Path, installer: str, *what: str | Path) -> None:
    """Install into the environment at `folder`, quietly; `what` is as both pip and uv take it."""
    python = folder / "bin" / "python"
    if installer == "uv":
        run("uv", "pip", "install", "--quiet", "--python", python, *what)
    elif installer == "pip":
        run(sys.executable, "-m", "pip", "--python", python, "install", "-qq", "--no-compile", *what)
    else:
        run(python, "-m", "pip", "install", "-qq", "--no-compile", *what)


def force_peers(folder: Path, lock: Path) -> None:
    """Install the peers of a lock that declare Python 3.12 into an older environment; hashed as the rest."""
    blocks = lock.read_text("utf-8").replace("\\\n", " ").splitlines()
    lines = [block for block in blocks if block.startswith(tuple(f"{peer}==" for peer in FORCED_PEERS))]
    if not lines:
        return
    wanted = folder / "forced.txt"
    wanted.write_text(
        "".join(f"{line.split(';')[0]} {line[line.index('--hash') :]}\n" for line in lines), "utf-8"
    )
    flags = ("-qq", "--no-deps", "--ignore-requires-python", "--require-hashes")
    run(folder / "bin" / "python", "-m", "pip", "install", *flags, "-r", wanted)


def digest_of(paths: list[Path]) -> str:
    """SHA-256 over the contents of files, in the given order."""
    total = hashlib.sha256()
    for path in paths:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def project_digest() -> str:
    """Changes when the project must be installed again: its metadata, its build hook or the facts."""
    facts = sorted((ROOT / "src/haechi/facts").rglob("*.yaml"))
    return digest_of([ROOT / "pyproject.toml", ROOT / "hatch_build.py", *facts])


def read_stamp(path: Path) -> dict[str, str]:
    """What was installed here before; empty when nothing was, or when it cannot be told."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def set_up(profile: str) -> None:
    """Bring the environment of `profile` to what the lock says; does nothing when it is already there."""
    name, lock_name, good_enough = PROFILES[profile]
    folder, lock = ROOT / name, ROOT / "requirements" / lock_name
    stamp_path = folder / ".haechi-stamp.json"
    stamp = read_stamp(stamp_path)
    # A moved environment has its old address in every script: make it anew.
    usable = (folder / "bin" / "python").exists() and stamp.get("root", str(ROOT)) == str(ROOT)
    locked = any(stamp.get(each) == digest_of([lock.with_name(each)]) for each in good_enough)
    project = project_digest()
    built = stamp.get("project") == project and (ROOT / "src/haechi/facts/compiled.json").exists()
    if usable and locked and built:
        return

    started = time.monotonic()
    installer = choose_installer()
    if not usable:
        stamp, locked = {}, False
        make_venv(folder, installer)
    if not locked:
        count = sum(line[:1].isalnum() for line in lock.read_text("utf-8").splitlines())
        say(
            f"installing {count} packages into {name} ({installer}) ...",
            f"{name}에 패키지 {count}개 설치 중 ({installer})",
        )
        install(folder, installer, "--no-deps", "--require-hashes", "-r", lock)
        if profile in WITH_PEERS and sys.version_info < (3, 12):
            force_peers(folder, lock)
        stamp[lock_name] = digest_of([lock])
    say("building haechi ...", "haechi 빌드 중")
    again = ("--reinstall-package", "haechi") if installer == "uv" else ()
    install(folder, installer, *again, "--no-deps", "--no-build-isolation", "-e", ROOT)
    stamp |= {"root": str(ROOT), "project": project}
    stamp_path.write_text(json.dumps(stamp, indent=1), "utf-8")
    seconds = time.monotonic() - started
    say(f"{name} is ready ({seconds:.1f} s)", f"{name} 준비 완료 ({seconds:.1f}초)")


def main(args: list[str]) -> None:
    """Set up one profile; two runs at once wait for each other."""
    right_python()
    if len(args) != 1 or args[0] not in PROFILES:
        stop(f"usage: bootstrap.py {'|'.join(PROFILES)}", f"사용법: bootstrap.py {'|'.join(PROFILES)}")
    with Path(__file__).open("rb") as this_file:
        fcntl.flock(this_file, fcntl.LOCK_EX)
        set_up(args[0])


if __name__ == "__main__":
    main(sys.argv[1:])
