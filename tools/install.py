"""Set up .venv: check the machine, make the environment, install what the locks name; safe to repeat or break off.

Written for any Python from 3.6 on, so that one too old can say so itself: `python tools/install.py [--dev]`.
"""

import argparse
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator, Sequence  # noqa: UP035

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
UNFINISHED = (
    VENV / "earmark-unfinished"
)  # there while an install runs; found later, it means the last one was broken off
OLDEST, NEWEST = (3, 11), (3, 13)
NEEDED_GB = 4  # installed: 2.6 GB, 3.3 GB where the full TensorFlow is the only one made
COMPILE = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from audio.analyse import compile_librosa; compile_librosa()"
UV = "uv==0.13.8"
MUSICNN = "musicnn==0.1.0"  # only its trained weights are used: its pins are of 2019, hence --no-deps
LOCKS = {"run": ["requirements.txt"], "dev": ["requirements.txt", "requirements-dev.txt"]}


class SetupError(Exception):
    """Why the set-up cannot go on, in one line that says what to do."""


def main() -> int:
    """Bring .venv up to date and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    kind = "dev" if parser.parse_args().dev else "run"
    try:
        check_python(sys.version_info)
        check_venv_module()
        with one_at_a_time():
            if not is_current(kind):
                install(kind)
    except SetupError as error:
        print(f"Earmark cannot be set up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command begins again.", file=sys.stderr)
        return 130
    return 0


def check_python(version: Sequence) -> None:
    """Refuse a Python that the locked packages are not made for."""
    if not OLDEST <= tuple(version[:2]) <= NEWEST:
        raise SetupError(
            f"it needs Python 3.{OLDEST[1]} to 3.{NEWEST[1]}, this is {version[0]}.{version[1]} ({sys.executable})."
            " Install one of them, or name it: make PYTHON=/path/to/python3"
        )


def check_venv_module() -> None:
    """Refuse a Python without venv and ensurepip, which Debian and Ubuntu ship apart."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise SetupError(
            f"this Python has no venv module. On Debian and Ubuntu: sudo apt install python3.{sys.version_info[1]}-venv"
        ) from None


def check_disk(folder: Path, needed_gb: float = NEEDED_GB) -> None:
    """Refuse to begin what the disk cannot hold."""
    free_gb = shutil.disk_usage(str(folder)).free / 1e9
    if free_gb < needed_gb:
        raise SetupError(
            f"it needs {needed_gb} GB of free disk space, {folder} has {free_gb:.1f} GB. Make room and try again."
        )


@contextlib.contextmanager
def one_at_a_time() -> Iterator:
    """Hold a lock, so that `make run` and `make test` started together do not install over each other."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with open(str(Path(__file__).resolve())) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Waiting for another set-up of this folder to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_current(kind: str) -> bool:
    """Say whether the last complete install is of these very locks and its Python still runs."""
    stamp = stamp_path(kind)
    if UNFINISHED.exists() or not stamp.exists() or stamp.read_text() != fingerprint(kind):
        return False
    return runs("-c", "pass")


def install(kind: str) -> None:
    """Make .venv where it is missing or broken, install the locked packages, and stamp what was installed."""
    if UNFINISHED.exists() or (VENV.exists() and not is_usable()):
        say("Clearing a set-up that was broken off")
        shutil.rmtree(str(VENV))
    was_there = VENV.exists()
    if not was_there:
        make_environment()
    UNFINISHED.touch()
    try:
        install_packages(kind)
    except SetupError:
        if was_there:  # uv fetches everything before it changes anything: offline, the old set-up still works
            UNFINISHED.unlink()
        raise
    for done in {kind, "run"}:
        stamp_path(done).write_text(fingerprint(done))
    UNFINISHED.unlink()


def make_environment() -> None:
    """Make an empty .venv, marked as unfinished from its first moment on."""
    check_disk(ROOT)
    say("Making .venv with Python " + ".".join(map(str, sys.version_info[:3])))
    VENV.mkdir()
    UNFINISHED.touch()
    call([sys.executable, "-m", "venv", str(VENV)], "the environment could not be made")


def install_packages(kind: str) -> None:
    """Install uv with pip, the locked packages with uv, and MusiCNN's weights without what it asks for."""
    say("Installing the locked packages (about 0.6 GB to fetch the first time)")
    python = str(VENV_PYTHON)
    if not runs("-m", "pip", "--version"):  # made by another tool than venv
        call([python, "-m", "ensurepip"], "pip is missing from .venv")
    call([python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", UV], "uv could not be installed")
    uv = [python, "-m", "uv", "pip", "install", "--quiet", "--python", python]
    locks = [part for lock in LOCKS[kind] for part in ("-r", str(ROOT / lock))]
    call(uv + locks, "the packages could not be installed")
    call([*uv, "--no-deps", MUSICNN], "MusiCNN's weights could not be installed")
    say("Compiling what librosa compiles on first use")
    runs("-c", COMPILE)  # only saves time later, so nothing is lost when it cannot be done


def is_usable() -> bool:
    """Say whether .venv holds a Python that runs and fits."""
    fits = f"import sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    return VENV_PYTHON.exists() and runs("-c", fits)


def runs(*arguments: str) -> bool:
    """Say whether .venv's Python ends well with these arguments."""
    try:
        return (
            subprocess.call([str(VENV_PYTHON), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
        )
    except OSError:
        return False


def call(command: Sequence, failure: str) -> None:
    """Run a command, its output left visible, and refuse to go on when it fails."""
    if subprocess.call(command) != 0:
        raise SetupError(f"{failure} (see above). Is this computer online? The same command begins again.")


def stamp_path(kind: str) -> Path:
    """Return the file that says which locks were installed completely."""
    return VENV / f"earmark-{kind}"


def fingerprint(kind: str) -> str:
    """Return a digest of everything that decides what is installed."""
    parts = [(ROOT / lock).read_bytes() for lock in LOCKS[kind]] + [MUSICNN.encode()]
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def say(line: str) -> None:
    """Tell the person what happens now."""
    print(f"Earmark: {line}.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
