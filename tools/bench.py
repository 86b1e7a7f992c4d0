"""Run every benchmark of benchmarks/ at a small size, each on a demo library made for the purpose."""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AUDIO = {".mp3", ".m4a", ".flac", ".ogg", ".opus"}
# {home} stands for an analysed demo library, {files} for some of its audio files. One not named here gets no arguments.
SMALL = {
    "audit.py": ["--sessions", "2", "--tracks", "300", "400", "--checks", "20"],
    "doubts.py": ["--seeds", "2", "--made-up", "150"],
    "extraction.py": ["{files}"],
    "extraction_scale.py": ["4"],
    "gtzan.py": ["../shared/gtzan/descriptors_train_valid.csv", "--seeds", "1", "--models", "knn"],
    "novelty.py": ["--home", "{home}"],
    "prior.py": ["--home", "{home}", "--seeds", "1"],
    "first_track.py": ["--tracks", "12", "--seconds", "3"],
    "interrupted.py": ["--files", "6", "--moments", "2"],
    "label_efficiency.py": [
        *("--home", "{home}", "--target", "genre", "--labels-from", "tag"),
        *("--strategies", "random,margin", "--seeds", "2"),
    ],
    "library_import.py": ["1000"],
    "lyrics.py": ["--songs", "500", "--part", "outcomes", "scale"],
    "pages.py": ["500", "--answers", "60"],
    "patches.py": ["--music", "{home}", "--counts", "4", "--repeats", "2"],
    "models.py": ["--home", "{home}", "--target", "genre", "--labels-from", "tag"],
    "rating_latency.py": ["200", "--answers", "20"],
    "refit.py": ["--tracks", "1000", "--answers", "10"],
    "rescan.py": ["500"],
    "retrain.py": ["--labels", "60", "--tracks", "500"],
    "torture.py": ["{home}"],
}
SHARED = {"common.py", "lyrics_servers.py", "serving.py"}  # no benchmarks


def main() -> int:
    """Run the benchmarks one after the other and return 1 when one of them failed."""
    scripts = sorted(path for path in (ROOT / "benchmarks").glob("*.py") if path.name not in SHARED)
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        if any("{" in part for script in scripts for part in SMALL.get(script.name, [])):
            make_library(home)
        for script in scripts:
            print(f"# {script.name}", file=sys.stderr, flush=True)
            if subprocess.call([sys.executable, str(script), *arguments(script.name, home)], cwd=ROOT) != 0:
                failed.append(script.name)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def make_library(home: Path) -> None:
    """Make the demo library and analyse it."""
    for command in (["demo"], ["analyze"]):
        subprocess.run(
            [sys.executable, "cli.py", "--home", str(home), *command], cwd=ROOT, check=True, stdout=sys.stderr
        )


def arguments(name: str, home: Path) -> list[str]:
    """Return a benchmark's small arguments with the placeholders filled in."""
    files = sorted(str(path) for path in home.rglob("*") if path.suffix in AUDIO)[:6]
    filled: list[str] = []
    for part in SMALL.get(name, []):
        filled += files if part == "{files}" else [part.replace("{home}", str(home))]
    return filled


if __name__ == "__main__":
    sys.exit(main())
