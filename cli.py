"""The terminal: one command for each thing Earmark can do; `--json` for scripts."""

from __future__ import annotations

import contextlib
import functools
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.errors import EarmarkError
from core.settings import VERSION

if TYPE_CHECKING:  # services are imported inside the commands: `--help` must not wait for them
    from rich.console import Console

    from services.workspace import Workspace

WORKSPACE = "earmark.workspace"  # where a command's context keeps the opened home
WIDE = 1000  # characters: lines for grep and files are never broken
INTERRUPTED = 130  # what shells expect after Ctrl-C
FORMATS = ("apple", "m3u8", "csv")
MOST = 10**9  # more than any library holds; SQLite's numbers end at 2**63
NUMBER = click.IntRange(1, MOST)
FILE = click.Path(dir_okay=False, path_type=Path)

Json = dict[str, Any]
Report = Callable[[Json], None]


class Terminal(click.Group):
    """The commands, with errors said in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; exit 1 after an error a person can act on, 130 after Ctrl-C."""
        try:
            return super().invoke(ctx)
        except EarmarkError as error:
            click.echo(" ".join(str(error).split()), err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("Stopped. Everything done so far is kept; the same command goes on from here.", err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=Terminal, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--home", type=click.Path(file_okay=False), help="Folder of the library [default: EARMARK_HOME].")
@click.version_option(VERSION, prog_name="Earmark")
@click.pass_context
def cli(ctx: click.Context, home: str | None) -> None:
    """Earmark sorts your music by your own ear.

    TRACK is the number or the path of a track. Every command takes --json.
    """
    ctx.obj = home


def verb(show: Callable[[Json], None]) -> Callable[[Callable[..., Json]], Callable[..., None]]:
    """Give a function that returns a JSON object the option --json, and `show` for people."""

    def decorate(function: Callable[..., Json]) -> Callable[..., None]:
        @click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
        @functools.wraps(function)
        def command(*args: Any, as_json: bool, **kwargs: Any) -> None:
            with contextlib.redirect_stdout(sys.stderr):  # whatever a library prints must not join the JSON
                result = function(*args, **kwargs)
                _mirror_labels()
            if as_json:
                click.echo(json.dumps(_plain(result), default=_number))
            else:
                show(result)
            if result.get("ok") is False:
                raise EarmarkError(f"Something is wrong: {', '.join(_failed(result))}.")

        return command

    return decorate


def open_workspace() -> Workspace:
    """Open the home that --home, EARMARK_HOME or the platform names; once in a command."""
    from services.workspace import Workspace

    context = click.get_current_context()
    if WORKSPACE not in context.meta:
        context.meta[WORKSPACE] = Workspace(context.obj)
    return context.meta[WORKSPACE]


def _mirror_labels() -> None:
    """Bring the CSV of all labels in the home up to date, when the command opened it."""
    workspace = click.get_current_context().meta.get(WORKSPACE)
    if workspace is not None:
        from services.mirror import mirror

        mirror(workspace)


def _plain(value: Any) -> Any:
    """Return a value JSON can hold: it knows no NaN and no infinity."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def _number(value: Any) -> Any:
    """Return what json does not know: numpy's numbers and arrays, paths."""
    return _plain(value.tolist()) if hasattr(value, "tolist") else str(value)


# -- for people -------------------------------------------------------------------------------------


def say(line: str) -> None:
    """Print one line for a person."""
    click.echo(line)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Say how many there are, in words that fit one or many.

    >>> counted(1, "track"), counted(1200, "track"), counted(1, "is there", "are there")
    ('1 track', '1,200 tracks', '1 is there')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def console(*, stderr: bool = False) -> Console:
    """Return rich's console; made anew so that it prints where standard output goes now."""
    from rich.console import Console

    person = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, highlight=False, width=None if person else WIDE)


def show_table(rows: Sequence[Sequence[object]], *columns: str) -> None:
    """Print rows as a table; nothing in them is read as markup."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for row in rows:
        table.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    screen = console()
    with screen.capture() as captured:
        screen.print(table)
    for line in captured.get().splitlines():
        say(line.rstrip())


def show_pairs(result: Json) -> None:
    """Print a flat object as two columns, inner objects as "a 1, b 2"."""
    show_table([[key.replace("_", " "), _words(value)] for key, value in result.items()], "", "")


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(inner)}" for key, inner in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value)) or "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else "-" if value is None else str(value)


@contextmanager
def progress(doing: str) -> Iterator[Report]:
    """Yield a function that shows how far a job is, on standard error and only to a person."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[text]}")
    with Progress(*columns, console=console(stderr=True), transient=True) as bars:
        task = bars.add_task(doing, total=None, text="")

        def report(now: Json) -> None:
            bars.update(task, completed=now.get("done") or 0, total=now.get("total"), text=progress_text(now))

        yield report


def progress_text(now: Json) -> str:
    """Say how far a job is, as far as its numbers are known.

    >>> progress_text({"done": 3204, "total": 12041, "tracks_per_second": 5.1, "seconds_left": 1740})
    '3,204 of 12,041 · 5.1 tracks/s · 29 min left'
    """
    from services.meter import PHASES

    parts = [PHASES[now["phase"]]] if now.get("phase") in PHASES else []
    if now.get("total") is not None:
        parts.append(f"{now.get('done') or 0:,} of {now['total']:,}")
    elif now.get("tracks") is not None:
        parts.append(counted(now["tracks"], "track"))
    if now.get("tracks_per_second") is not None:
        parts.append(f"{now['tracks_per_second']:.1f} tracks/s")
    if now.get("realtime_factor") is not None:
        parts.append(f"{now['realtime_factor']:.0f} x real time")
    if now.get("seconds_left") is not None:
        parts.append(f"{time_text(now['seconds_left'])} left")
    if now.get("sentence"):
        parts.append(now["sentence"])
    return " · ".join(parts)


def time_text(seconds: float) -> str:
    """Return a length of time as people say it.

    >>> time_text(45), time_text(1740), time_text(7300)
    ('45 s', '29 min', '2.0 h')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def _show_failures(failures: Sequence[Json], head: str) -> None:
    if failures:
        say(head)
        show_table([[failure["path"], failure["reason"]] for failure in failures], "file", "reason")


# -- music in ---------------------------------------------------------------------------------------


WITHOUT_FILES = {  # counts of an Apple library, in words for one and for many
    "cloud_only": ("is only in Apple's cloud", "are only in Apple's cloud"),
    "protected": ("is protected by Apple and cannot be heard here", "are protected by Apple and cannot be heard here"),
    "missing": (
        "has no file where the library says (--map OLD=NEW or --look-in FOLDER)",
        "have no file where the library says (--map OLD=NEW or --look-in FOLDER)",
    ),
    "podcasts": ("podcast was left out", "podcasts were left out"),
    "other": ("video, audiobook or stream was left out", "videos, audiobooks and streams were left out"),
}


def _show_import(result: Json) -> None:
    changes = ", ".join(f"{result[key]:,} {key}" for key in ("added", "updated", "moved") if result[key])
    say(f"{counted(result['tracks'], 'track')}: {changes or 'nothing new'}.")
    if result["ignored"]:
        kinds = ", ".join(f"{n:,} {extension or 'without extension'}" for extension, n in result["ignored"].items())
        say(f"Ignored, because it is not music: {kinds}.")
    for key, words in WITHOUT_FILES.items():
        if result[key]:
            say(f"{counted(result[key], *words)}.")
    if result["playlists"]:
        say(f"{counted(result['playlists'], 'playlist')}.")
    for target, count in result["labels"].items():
        say(f"{counted(count, f'{target} label')}.")
    if result["withdrawn"]:
        say(f"{counted(result['withdrawn'], 'rating')} of this library taken back: no longer in it, or ignored now.")
    _show_failures(result["unreadable"], f"{len(result['unreadable']):,} cannot be read:")
    if result["added"] or result["updated"]:
        say("Next: cli.py analyze")


def _show_preview(result: Json) -> None:
    libraries = result.get("libraries")
    if libraries is None:
        _show_import(result)
        return
    for library in libraries:
        show_pairs({key: value for key, value in library.items() if key != "labels"})
        rows = [[line["words"], line["tracks"], line["becomes"]] for line in library["labels"]]
        show_table(rows, "in Apple Music", "tracks", "becomes")
    say("Nothing was imported yet. The same command without --preview does it.")


def _answers(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not all(part.strip() for part in value.partition("=")):
            raise EarmarkError(f"An answer is LINE=RATING, such as 3=liked or loved=ignore, not {value!r}.")
    return values


@cli.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--labels-from", type=click.Choice(["folder"]), help="Take the parent folder's name as the genre.")
@click.option("--stars", type=click.Choice(["keep", "ignore"]), default="keep", show_default=True, help="Of Apple.")
@click.option(
    "--answer",
    "answers",
    multiple=True,
    metavar="LINE=RATING",
    callback=_answers,
    help="Such as 3=liked or loved=ignore.",
)
@click.option("--map", "maps", multiple=True, metavar="OLD=NEW", help="Where Apple's folder OLD lies here.")
@click.option("--look-in", multiple=True, metavar="FOLDER", help="Look here for files that moved.")
@click.option("--preview", is_flag=True, help="Only say what an Apple library holds.")
@click.option("--report", type=FILE, help="Write where each track's file was found, as CSV.")
@verb(_show_preview)
def import_music(
    paths: tuple[str, ...], labels_from: str | None, preview: bool, report: Path | None, **apple: Any
) -> Json:
    """Take folders, audio files or an Apple Music library in; files are only read.

    PATH may be a Library.xml, or a playlist exported as XML.
    """
    from services import apple as apple_library
    from services import library

    options = apple_library.options_of(**apple)
    workspace = open_workspace()
    libraries = [Path(path) for path in paths if library.is_apple(Path(path))]
    if (preview or report) and not libraries:
        raise click.UsageError("--preview and --report are for Library.xml files and exported playlists.")
    if preview or report:
        looks = [apple_library.look(workspace, path, options) for path in libraries]
        if report is not None:
            apple_library.write_report(report, looks)
        if preview:
            return {"libraries": [look.as_json() for look in looks]}
    with progress("Importing") as tell:
        return library.add(workspace, paths, labels_from=labels_from, options=options, progress=tell).as_json()


def _show_rescan(result: Json) -> None:
    changes = ", ".join(
        f"{result[key]:,} {key}" for key in ("added", "changed", "moved", "found", "missing") if result[key]
    )
    say(f"{changes or 'Nothing changed'} ({time_text(result['seconds'])}).")
    for problem in [*result["away"], *result["problems"]]:
        say(problem["sentence"])
    for library in result["libraries"]:
        if library["changed"]:
            say(f"{library['path']} is newer than what was imported from it: cli.py import it again.")
    _show_failures(result["unreadable"], f"{len(result['unreadable']):,} cannot be read:")
    if result["added"] or result["changed"]:
        say("Next: cli.py analyze")


@cli.command()
@verb(_show_rescan)
def rescan() -> Json:
    """Look at every folder again: what is new, changed, moved or gone."""
    from services import rescan as rescanning

    with progress("Looking for changes") as report:
        return rescanning.rescan(open_workspace(), progress=report)


def _show_analysis(result: Json) -> None:
    speed = f", {result['realtime_factor']:.0f} x real time" if result["analyzed"] else ""
    if result["analyzed"] or not result["renewed"]:
        say(f"{counted(result['analyzed'], 'track')} analysed in {time_text(result['seconds'])}{speed}.")
    if result["copies"]:
        say(f"{counted(result['copies'], 'file')} of them are copies of a track already here, and became one with it.")
    if result["in_passing"]:
        say(f"{counted(result['in_passing'], 'track')} heard for a few seconds first, to be asked about early.")
    if result["renewed"]:
        say(f"{counted(result['renewed'], 'track')} measured again by a newer version.")
    _show_failures(result["failed"], f"{len(result['failed']):,} could not be analysed:")


@cli.command()
@click.option("--jobs", type=NUMBER, metavar="N", help="Processes at once [default: every core].")
@click.option("--limit", type=NUMBER, metavar="N", help="At most so many tracks.")
@click.option("--retry", is_flag=True, help="Try unreadable files again.")
@click.option(
    "--scheduler", metavar="ADDRESS", help="Let a dask cluster listen: tcp://HOST:8786. Trusted networks only."
)
@verb(_show_analysis)
def analyze(jobs: int | None, limit: int | None, retry: bool, scheduler: str | None) -> Json:
    """Listen to every track that waits; can be stopped and goes on later."""
    from services import analysis

    wishes: Json = {"cores": jobs, "limit": limit, "retry": retry, "scheduler": scheduler}
    with progress("Listening") as report:
        return analysis.analyze(open_workspace(), **wishes, progress=report)


def _show_course(result: Json) -> None:
    loudness = "silence" if result["loudness"] is None else f"{result['loudness']} LUFS"
    say(f"{result['title']}: {loudness}, peak {result['peak']} dB; listen first at {clock_text(result['telling'])}.")
    rows = [[clock_text(part["start"]), part["level"], part["brightness"], part["attacks"]] for part in result["parts"]]
    begins = {clock_text(segment["start"]) for segment in result["segments"]}
    say(f"Segments begin at {', '.join(sorted(begins, key=lambda text: (len(text), text)))}.")
    show_table(rows, "part", "level, dB", "brightness, Hz", "attacks, dB")


def clock_text(seconds: float) -> str:
    """Return a place in a track.

    >>> clock_text(61.5)
    '1:01'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


@cli.command()
@click.argument("track")
@verb(_show_course)
def outline(track: str) -> Json:
    """Show how a track goes: loudness, segments, the telling moment, and its parts of 5 s."""
    from services.course import course, why_no_course

    workspace = open_workspace()
    known = workspace.tracks.resolve(track)
    found = course(workspace, known.id)
    if found is None:
        raise EarmarkError(f"{known.title}: {why_no_course(workspace, known)}")
    return found


@cli.command()
@verb(_show_import)
def demo() -> Json:
    """Make a small library of invented music in the home folder and import it."""
    from services import library

    with progress("Making music") as report:
        return library.add_demo(open_workspace(), progress=report).as_json()


@cli.command()
@verb(show_pairs)
def status() -> Json:
    """Say how much is there, analysed, rated and learned."""
    from services import library

    return library.status(open_workspace())


# -- answering --------------------------------------------------------------------------------------


TARGET = click.option(
    "--target", default="rating", show_default=True, metavar="T", help="rating, genre, mood or one of your own."
)


def _show_questions(result: Json) -> None:
    if not result["tracks"]:
        say("Nothing to ask. Import music and run `cli.py analyze`, or everything is answered.")
        return
    rows = [[track["id"], track["title"], track["artist"], track["reason"]] for track in result["tracks"]]
    show_table(rows, "track", "title", "artist", "why")


def _show_events(result: Json) -> None:
    if not result["events"]:
        say("Nothing.")
        return
    rows = [
        [e["created_at"][:19].replace("T", " "), e["track"], e["title"], e["target"], e["value"], e["source"], _note(e)]
        for e in result["events"]
    ]
    show_table(rows, "when (UTC)", "track", "title", "target", "value", "source", "")


def _note(event: Json) -> str:
    return "taken back" if event["undone_at"] else ""


@cli.command("next")
@click.option("-n", "count", type=NUMBER, default=1, show_default=True, help="How many.")
@TARGET
@click.option("--strategy", metavar="S", help="How to choose [default: what teaches most].")
@verb(_show_questions)
def next_tracks(count: int, target: str, strategy: str | None) -> Json:
    """Name the tracks whose answer would teach most."""
    from services import labeling

    return {"tracks": labeling.next_questions(open_workspace(), target, count, strategy)}


@cli.command()
@click.argument("track")
@click.argument("target")
@click.argument("value")
@verb(_show_events)
def label(track: str, target: str, value: str) -> Json:
    """Answer: label TRACK rating liked, or label TRACK genre jazz."""
    from services import labeling

    workspace = open_workspace()
    return {"events": [labeling.answer(workspace, workspace.tracks.resolve(track).id, target, value)]}


@cli.command()
@click.argument("track")
@TARGET
@click.option("--kind", type=click.Choice(["not now", "don't know", "never"]), default="not now", show_default=True)
@verb(_show_events)
def skip(track: str, target: str, kind: str) -> Json:
    """Put a track aside: it comes back after some answers, or never, because it is not music."""
    from services import labeling

    workspace = open_workspace()
    return {"events": [labeling.skip(workspace, workspace.tracks.resolve(track).id, target, kind)]}


def _show_undone(result: Json) -> None:
    if "act" not in result:
        _show_events(result)
        return
    kept = " What you answered, changed or had listened to since stays." if result["kept"] else ""
    say(f"Taken back: {result['act']['title']}.{kept}")


@cli.command()
@click.option("-n", "count", type=NUMBER, default=1, show_default=True, help="How many.")
@click.option("--act", type=NUMBER, metavar="N", help="A whole import, merge or exclusion of `history --acts`.")
@verb(_show_undone)
def undo(count: int, act: int | None) -> Json:
    """Take back your newest answers, or a whole act."""
    from services import labeling

    workspace = open_workspace()
    if act is not None:
        return labeling.undo_act(workspace, act)
    return {"events": labeling.undo(workspace, count)}


def _show_history(result: Json) -> None:
    if "acts" not in result:
        _show_events(result)
        return
    rows = [[act["created_at"][:19].replace("T", " "), act["id"], act["title"]] for act in result["acts"]]
    show_table(rows, "when (UTC)", "act", "what") if rows else say("Nothing.")


@cli.command()
@click.option("--limit", type=NUMBER, default=50, show_default=True, help="How many.")
@click.option("--offset", type=click.IntRange(0, MOST), default=0, show_default=True, help="Newer ones left out.")
@click.option("--target", metavar="T", help="Only answers to this target.")
@click.option("--value", metavar="V", help="Only this answer.")
@click.option("--kind", type=click.Choice(["label", "skip"]), help="Only answers, or only what was put aside.")
@click.option("--source", type=click.Choice(["person", "csv", "itunes", "dataset"]), help="Only from there.")
@click.option("--asked", metavar="CODE", help="Only asked as this: audit, doubt, repeat, stars, ...; nobody: unasked.")
@click.option("--state", type=click.Choice(["stands", "replaced", "taken back"]), help="Only what became this.")
@click.option("--text", default="", metavar="WORDS", help="Only with these words in title or artist.")
@click.option("--acts", is_flag=True, help="Imports, merges and exclusions that can be taken back.")
@verb(_show_history)
def history(limit: int, acts: bool, **wanted: Any) -> Json:
    """List answers and what was put aside, newest first, those taken back too."""
    from services import history as answers
    from services import labeling

    workspace = open_workspace()
    if acts:
        return {"acts": labeling.acts(workspace, limit)}
    found = answers.page(workspace, limit=limit, **wanted)
    return {"events": [{**row, "track": row["track_id"]} for row in found["rows"]], "total": found["total"]}


# -- how well the guesses fit -------------------------------------------------------------------------


def _show_audit(result: Json) -> None:
    say(result["audit"]["sentence"])
    say(result["consistency"]["sentence"])


@cli.command()
@TARGET
@verb(_show_audit)
def audit(target: str) -> Json:
    """Say how often the guesses were right on surprise checks, and how often you agree with yourself."""
    from services import figures

    workspace = open_workspace()
    checks, again = figures.audit(workspace, target), figures.consistency(workspace, target)
    return {"target": target, "audit": checks.as_json(), "consistency": again.as_json()}


def _show_doubts_about_answers(result: Json) -> None:
    rows = [[d["id"], d["title"], d["artist"], d["given"], d["guess"], f"{d['score']:.2f}"] for d in result["doubts"]]
    columns = ("track", "title", "artist", "you said", "guess", "doubt")
    show_table(rows, *columns) if rows else say("No answer is doubtful.")


@cli.command()
@TARGET
@verb(_show_doubts_about_answers)
def doubts(target: str) -> Json:
    """List answers that all the others contradict; `label` changes one."""
    from services import figures

    return {"target": target, "doubts": figures.doubts(open_workspace(), target)}


def _show_curve(result: Json) -> None:
    rows = [[step["labels"], _figure(step["accuracy"]), _figure(step["random_accuracy"])] for step in result["steps"]]
    show_table(rows, "answers", "as you gave them", "in random order")
    say(result["sentence"])


def _figure(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"


@cli.command()
@TARGET
@verb(_show_curve)
def curve(target: str) -> Json:
    """Show how the guesses got better with your answers, and what 20 more would bring."""
    from services import figures

    with progress("Replaying your answers") as report:
        found = figures.curve(
            open_workspace(), target, progress=lambda done, total: report({"done": done, "total": total})
        )
    return {"target": target, **found.as_json()}


# -- what can be asked ------------------------------------------------------------------------------


@cli.group("targets")
def own_targets() -> None:
    """What can be asked about a track: rating, genre, mood, and your own."""


def _show_targets(result: Json) -> None:
    rows = [
        [t["name"], t["kind"], ", ".join(t["classes"] or ["any name"]), t["labels"], "yours" if t["own"] else ""]
        for t in result["targets"]
    ]
    show_table(rows, "target", "kind", "answers", "given", "")


@own_targets.command("list")
@verb(_show_targets)
def targets_list() -> Json:
    """List what can be asked."""
    from services import targets

    workspace = open_workspace()
    return {"targets": [targets.as_json(workspace, target) for target in targets.every(workspace).values()]}


@own_targets.command("add")
@click.argument("name")
@click.argument("classes", nargs=-1, required=True, metavar="ANSWER...")
@click.option("--ordered", is_flag=True, help="The answers lie on one line, the lowest first.")
@click.option("--question", metavar="TEXT", help="How it is asked.")
@verb(lambda result: _show_targets({"targets": [result]}))
def targets_add(name: str, classes: tuple[str, ...], ordered: bool, question: str | None) -> Json:
    """Add a target with its answers, or give one other answers: targets add workout no yes."""
    from services import targets

    return targets.add(open_workspace(), name, classes, ordered=ordered, question=question)


@own_targets.command("remove")
@click.argument("name")
@verb(lambda result: say(f"{result['name']} is not asked any more; {counted(result['labels'], 'answer')} kept."))
def targets_remove(name: str) -> Json:
    """Stop asking about one of your own; its answers stay."""
    from services import targets

    return targets.remove(open_workspace(), name)


# -- what is asked, and under which names -------------------------------------------------------------


def _show_exclusions(result: Json) -> None:
    if "exclusions" not in result:
        say(f"{counted(result['tracks'], 'track')}.")
        return
    rows = [[one["kind"], one["name"], one["value"], one["tracks"]] for one in result["exclusions"]]
    show_table(rows, "kind", "name", "value", "tracks") if rows else say("Nothing is left out.")


KIND = click.Choice(["folder", "genre", "playlist", "track"])


@cli.command()
@click.argument("kind", type=KIND, required=False)
@click.argument("value", required=False)
@verb(_show_exclusions)
def exclude(kind: str | None, value: str | None) -> Json:
    """Leave a folder, genre, playlist or track out of asking, training and exports; alone it lists what is."""
    from services import scope

    workspace = open_workspace()
    if kind is None or value is None:
        if kind is not None:
            raise click.UsageError(f"Name the {kind} to leave out.")
        return {"exclusions": scope.described(workspace)}
    return scope.leave_out(workspace, kind, _track_number(kind, value))


@cli.command()
@click.argument("kind", type=KIND)
@click.argument("value")
@verb(_show_exclusions)
def include(kind: str, value: str) -> Json:
    """Take in again what was left out."""
    from services import scope

    return scope.take_in(open_workspace(), kind, _track_number(kind, value))


def _track_number(kind: str, value: str) -> str:
    """Return a track's number for its path; anything else as it is."""
    return str(open_workspace().tracks.resolve(value).id) if kind == "track" else value


@cli.command("scope")
@click.argument("kind", type=click.Choice(["everything", "playlist", "genre", "year", "new"]), required=False)
@click.argument("value", required=False)
@verb(show_pairs)
def choose_scope(kind: str | None, value: str | None) -> Json:
    """Ask only about a playlist, a genre, a year (1994, 1990-1999) or new tracks; alone it says what is asked."""
    from services import scope

    workspace = open_workspace()
    if kind is not None:
        scope.choose(workspace, kind, value)
    chosen = scope.chosen(workspace)
    return {"kind": chosen.kind, "value": chosen.value, "text": scope.scope_text(workspace)}


@cli.group()
def genres() -> None:
    """Genre tags: their names, taking them as labels, which to train."""


def _show_genres(result: Json) -> None:
    rows = [[row["genre"], row["tracks"], ", ".join(row["tags"])] for row in result["genres"]]
    show_table(rows, "genre", "tracks", "written as") if rows else say("No track has a genre tag.")


@genres.command("list")
@verb(_show_genres)
def genres_list() -> Json:
    """List the genres of your files' tags and how they are written."""
    from services import genres as naming

    return {"genres": naming.tag_table(open_workspace())}


def _show_accepted(result: Json) -> None:
    if not result["accepted"]:
        say("Nothing new: no track has such a tag and no genre yet.")
        return
    say(f"{counted(result['accepted'], 'tag')} became genre labels: {_words(result['genres'])}.")


@genres.command("accept")
@click.argument("names", nargs=-1, metavar="[GENRE...]")
@verb(_show_accepted)
def genres_accept(names: tuple[str, ...]) -> Json:
    """Take the tags of these genres, or all, as labels; your own answers stay above them."""
    from services import genres as naming

    return naming.accept_tags(open_workspace(), list(names) or None)


@genres.command("rename")
@click.argument("old", metavar="TAG")
@click.argument("new", metavar="GENRE")
@verb(show_pairs)
def genres_rename(old: str, new: str) -> Json:
    """Give a tag or genre another name; an empty one says that it means nothing."""
    from services import genres as naming

    return naming.rename(open_workspace(), old, new)


@genres.command("merge")
@click.argument("names", nargs=-1, required=True, metavar="GENRE...")
@click.option("--into", required=True, metavar="GENRE")
@verb(show_pairs)
def genres_merge(names: tuple[str, ...], into: str) -> Json:
    """Make several genres one."""
    from services import genres as naming

    return naming.merge(open_workspace(), list(names), into)


@genres.command("train")
@click.argument("names", nargs=-1, metavar="[GENRE...]")
@verb(show_pairs)
def genres_train(names: tuple[str, ...]) -> Json:
    """Train only these genres; without names all."""
    from services import genres as naming

    chosen = naming.choose_trained(open_workspace(), list(names) or None)
    return {"trained": None if chosen is None else sorted(chosen)}


@cli.group()
def duplicates() -> None:
    """Tracks that may be one recording."""


def _show_doubts(result: Json) -> None:
    if not result["pairs"]:
        say("No two tracks look like one recording.")
        return
    rows = [
        [pair["keep"], pair["other"], pair["title"], pair["artist"], pair["likeness"], pair["reason"]]
        for pair in result["pairs"]
    ]
    show_table(rows, "track", "and", "title", "artist", "alike", "why")


@duplicates.command("list")
@verb(_show_doubts)
def duplicates_list() -> Json:
    """List the pairs you should decide about."""
    from services import identity

    return {"pairs": [pair.as_json() for pair in identity.doubts(open_workspace())]}


@duplicates.command("merge")
@click.argument("keep", metavar="TRACK")
@click.argument("other", metavar="TRACK")
@verb(show_pairs)
def duplicates_merge(keep: str, other: str) -> Json:
    """Make the second track part of the first, with all its labels; `undo --act` takes it back."""
    from services import identity

    workspace = open_workspace()
    return identity.merge(workspace, workspace.tracks.resolve(keep).id, workspace.tracks.resolve(other).id)


@duplicates.command("apart")
@click.argument("first", metavar="TRACK")
@click.argument("second", metavar="TRACK")
@verb(show_pairs)
def duplicates_apart(first: str, second: str) -> Json:
    """Remember that two tracks are two recordings."""
    from services import identity

    workspace = open_workspace()
    ids = [workspace.tracks.resolve(name).id for name in (first, second)]
    identity.keep_apart(workspace, *ids)
    return {"apart": ids}


# -- tables in and out ------------------------------------------------------------------------------


@cli.group()
def labels() -> None:
    """Labels as a CSV file with the columns path,target,value."""


def _show_labels_import(result: Json) -> None:
    from services import targets

    say(f"{counted(result['imported'], 'label')} imported.")
    for name in result["new_targets"]:
        say(f"New: {name} ({', '.join(targets.get(open_workspace(), name).classes or ())}).")
    if result["unmatched"]:
        unmatched = counted(len(result["unmatched"]), "path is", "paths are")
        say(f"{unmatched} not in the library (or could be several tracks):")
        show_table([[path] for path in result["unmatched"]], "path")


@labels.command("export")
@click.argument("file", type=FILE)
@verb(lambda result: say(f"{counted(result['exported'], 'label')} written to {result['path']}"))
def labels_export(file: Path) -> Json:
    """Write every label to a CSV file."""
    from services import library

    return library.labels_export(open_workspace(), file)


@labels.command("import")
@click.argument("file", type=FILE)
@verb(_show_labels_import)
def labels_import(file: Path) -> Json:
    """Take labels from a CSV file; your own answers stay above them."""
    from services import library

    return library.labels_import(open_workspace(), file)


@cli.group()
def features() -> None:
    """What was heard in the tracks, as numbers."""


@features.command("export")
@click.argument("file", type=FILE)
@click.option("--set", "feature_set", default="descriptors", show_default=True, metavar="S", help="Or a+b.")
@verb(
    lambda result: say(
        f"{counted(result['rows'], 'row')}, {counted(result['columns'], 'column')} written to {result['path']}"
    )
)
def features_export(file: Path, feature_set: str) -> Json:
    """Write features and labels to a .csv or .parquet file."""
    from services import library

    return library.features_export(open_workspace(), file, feature_set)


# -- learning ---------------------------------------------------------------------------------------


class NameList(click.ParamType):
    """Names separated by commas."""

    name = "a,b"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """Return the names without blanks around them."""
        names = value if isinstance(value, list) else [name.strip() for name in value.split(",")]
        if not all(names):
            self.fail(f"{value!r} has an empty name in it.", param, ctx)
        return names


MODELS = click.option("--models", type=NameList(), help="Model families, such as knn,logistic.")


BALANCE = click.option(
    "--balance",
    type=click.Choice(["none", "weights", "up", "down"]),
    default="none",
    help="Help answers that are few: by weights, or by repeating (up) or leaving out (down) tracks.",
)


def _show_training(result: Json) -> None:
    scores = {name: result["scores"].get(name) for name in ("accuracy", "macro_f1", "roc_auc", "log_loss")}
    plain = {key: value for key, value in result.items() if not isinstance(value, list | dict) and value is not None}
    show_pairs(plain | scores)
    nested = result["nested"]["accuracy"]
    if nested is not None:
        say(f"Chosen and measured on different artists it is right on {nested:.0%}.")
    if result["became_current"]:
        say(_changed(result))
    if result.get("waits"):
        say(f"{result['waits']['sentence']} `runs use {result['waits']['run']}` does it and lets it speak.")


def _changed(result: Json) -> str:
    count = result["changed"]
    words = (
        "No track changed side." if not count else f"{count:,} track{' has' if count == 1 else 's have'} changed side."
    )
    return words + (f" {result['unlike']:,} are unlike anything you answered." if result["unlike"] else "")


@cli.command()
@TARGET
@MODELS
@BALANCE
@verb(_show_training)
def retrain(target: str, models: list[str] | None, balance: str) -> Json:
    """Train on every label; a model that is measurably better becomes the current one.

    Without --models every family but the networks (mlp, cnn, conv_lstm_attention), which take minutes.
    """
    from services import training

    with progress("Training") as report:
        return training.retrain(open_workspace(), target, families=models, progress=report, balance=balance)


def _show_evaluation(result: Json) -> None:
    say(f"Measured on tracks of other {result['grouped_by']}s; always the largest class: {_words(result['baseline'])}")
    names = ("name", "features", "accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "log_loss", "seconds")
    rows = [[_words(model.get(name)) for name in names] for model in result["models"]]
    show_table(rows, *(name.replace("_", " ") for name in names))
    flattering = [
        f"{model['name']} {model['random_split']['accuracy']:.3f}"
        for model in result["models"]
        if "random_split" in model
    ]
    if flattering:
        say(f"With artists on both sides, which flatters: {', '.join(flattering)}.")
    if len(result["models"]) > 1 and result["nested"]["accuracy"] is not None:
        say(f"The best of them, chosen and measured on different artists: {result['nested']['accuracy']:.3f}.")
    if result["aside"]:
        say(result["aside"])


@cli.command()
@TARGET
@MODELS
@click.option("--features", type=NameList(), help="Feature sets, each by itself; a+b joins two.")
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write report.html and tables there.",
)
@BALANCE
@verb(_show_evaluation)
def evaluate(
    target: str, models: list[str] | None, features: list[str] | None, report: Path | None, balance: str
) -> Json:
    """Measure how well models do on artists they have not heard."""
    from services import evaluating

    with progress("Measuring") as show:
        return evaluating.evaluate(
            open_workspace(),
            target,
            families=models,
            features=features,
            report=report,
            progress=show,
            balance=balance,
        )


@cli.group()
def runs() -> None:
    """List trainings, compare two, let an earlier one speak again, delete one."""


def _show_runs(result: Json) -> None:
    rows = [
        [
            f"{run['run']}{' *' if run['current'] else ''}",
            run["target"],
            run["model"],
            run["features"],
            run["labels"],
            _words(run["scores"].get("accuracy")),
            _words(run["scores"].get("log_loss")),
            run["created_at"][:16].replace("T", " "),
        ]
        for run in result["runs"]
    ]
    show_table(rows, "run", "target", "model", "features", "labels", "accuracy", "log loss", "made")
    if rows:
        say("* speaks now")


@runs.command("list")
@click.option("--target", help="Only those of one target.")
@verb(_show_runs)
def list_runs(target: str | None) -> Json:
    """List the trainings that can speak, newest first."""
    from services import runs as past

    return {"runs": past.every(open_workspace(), target)}


RUN = click.argument("run", type=click.IntRange(1, MOST), metavar="RUN")


def _show_compared(result: Json) -> None:
    first, second = result["runs"]
    rows = [
        [name.replace("_", " "), *(_words(value) for value in row.values())] for name, row in result["scores"].items()
    ]
    show_table(rows, "", *(f"run {run['run']} ({run['model']})" for run in (first, second)), "difference")
    if result["tracks"]:
        say(
            f"On {result['tracks']:,} tracks: both right {result['both_right']:,}, only run {first['run']}"
            f" {result['only_first']:,}, only run {second['run']} {result['only_second']:,}, both wrong"
            f" {result['both_wrong']:,}."
        )


@runs.command("compare")
@click.argument("first", type=click.IntRange(1, MOST), metavar="RUN")
@click.argument("second", type=click.IntRange(1, MOST), metavar="RUN")
@verb(_show_compared)
def compare_runs(first: int, second: int) -> Json:
    """Compare two trainings of one target, on the tracks that both were measured on."""
    from services import runs as past

    return past.compare(open_workspace(), first, second)


@runs.command("use")
@RUN
@verb(lambda result: say(f"Run {result['run']} ({result['model']}) speaks for {result['target']}. {_changed(result)}"))
def use_run(run: int) -> Json:
    """Let an earlier training speak again, and predict the library with it."""
    from services import runs as past

    with progress("Predicting") as report:
        return past.use(open_workspace(), run, progress=report)


@runs.command("delete")
@RUN
@verb(lambda result: say(f"Deleted run {result['deleted']}."))
def delete_run(run: int) -> Json:
    """Delete the files of a training that does not speak now."""
    from services import runs as past

    return past.delete(open_workspace(), run)


def _show_predictions(result: Json) -> None:
    if not result["predictions"]:
        say("No predictions yet: analyse music and rate some tracks first.")
        return
    rows = [[p["id"], p["title"], p["value"], p["by"], _shares(p["probabilities"])] for p in result["predictions"]]
    show_table(rows, "track", "title", "value", "by", "probabilities")


def _shares(probabilities: dict[str, float]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in list(probabilities.items())[:3])


@cli.command()
@TARGET
@click.option("--track", metavar="TRACK", help="Only this one.")
@verb(_show_predictions)
def predict(target: str, track: str | None) -> Json:
    """Say what the current model thinks of the tracks, or the quick one before there is a current one."""
    from services import predicting

    workspace = open_workspace()
    track_id = None if track is None else workspace.tracks.resolve(track).id
    return {"predictions": predicting.predict(workspace, target, track_id=track_id)}


def _show_classified(result: Json) -> None:
    rows = [
        [file["path"], target, opinion["label"], opinion["model"], _shares(opinion["probabilities"])]
        for file in result["files"]
        for target, opinion in file["targets"].items()
    ]
    show_table(rows, "file", "target", "label", "model", "probabilities")
    _show_failures(result["unreadable"], f"{len(result['unreadable']):,} cannot be read:")


@cli.command()
@click.argument("files", nargs=-1, metavar="FILE...", type=FILE)
@click.option("--xml-file", "--xml_file", type=FILE, help="The tracks of a Library.xml or an exported playlist.")
@click.option("--max-tracks", "--max_tracks", type=NUMBER, metavar="N", help="At most so many of it.")
@click.option(
    "--start-index", "--start_index", type=click.IntRange(0, MOST), default=0, metavar="K", help="From there on."
)
@click.option("--map", "maps", multiple=True, metavar="OLD=NEW", help="Where Apple's folder OLD lies here.")
@verb(_show_classified)
def classify(
    files: tuple[Path, ...], xml_file: Path | None, max_tracks: int | None, start_index: int, maps: tuple[str, ...]
) -> Json:
    """Say what the models think of audio files that need not be in the library."""
    from services import apple, predicting

    if not files and xml_file is None:
        raise click.UsageError("Name audio files, or a library with --xml-file.")
    workspace = open_workspace()
    paths = [str(file) for file in files]
    absent: list[Json] = []
    if xml_file is not None:
        options = apple.options_of(maps=maps)
        found, absent = apple.files(workspace, xml_file, options, start=start_index, most=max_tracks)
        paths += found
    with progress("Listening") as report:
        result = predicting.classify(workspace, paths, progress=report)
    return {**result, "unreadable": [*result["unreadable"], *absent]} if absent else result


# -- playlists --------------------------------------------------------------------------------------


def _show_export(result: Json) -> None:
    rows = [[file["tracks"], file["not_found"] or "", file["path"]] for file in result["files"]]
    show_table(rows, "tracks", "not found", "file")
    if result.get("note"):
        say(result["note"])


@cli.command()
@click.option("--playlist", metavar="NAME", help="liked, semi, disliked, a genre, mood:calm, or one of Apple's.")
@click.option("--all", "everything", is_flag=True, help="All three, and one for each genre; --out is a folder.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="apple", show_default=True)
@click.option("--rated-only", is_flag=True, help="Leave out what is only predicted.")
@click.option("--relative", is_flag=True, help="Paths relative to the playlist (m3u8).")
@click.option("--out", type=click.Path(path_type=Path), help="Where to [default: exports in the home folder].")
@verb(_show_export)
def export(playlist: str | None, everything: bool, format_: str, out: Path | None, **options: bool) -> Json:
    """Write playlists for Apple Music and other players."""
    from services import playlists

    if everything and playlist is not None:
        raise click.UsageError("--all and --playlist exclude each other.")
    workspace = open_workspace()
    if everything:
        return playlists.export_all(workspace, out or workspace.exports_folder, format=format_, **options)
    return playlists.export_one(workspace, playlist or "liked", format=format_, out=out, **options)


# -- keeping ----------------------------------------------------------------------------------------


def _show_backup(result: Json) -> None:
    content = result["content"]
    held = [counted(content["tracks"], "track")]
    held += [counted(number, f"{target} label") for target, number in content["labels"].items() if number]
    held += [counted(content[name], name.removesuffix("s")) for name in ("models", "playlists") if content[name]]
    say(f"{result['path']}: {', '.join(held)}. No audio, no tokens.")


@cli.command()
@click.argument("file", type=FILE)
@verb(_show_backup)
def backup(file: Path) -> Json:
    """Write everything Earmark knows into one file: no music, no passwords."""
    from services import backup as backups

    with progress("Saving") as report:
        return backups.backup(open_workspace(), file, progress=report)


@cli.command()
@click.argument("file", type=FILE)
@verb(lambda result: say(f"Restored {result['restored']}. What was here before is in {result['saved']}"))
def restore(file: Path) -> Json:
    """Put a backup in the place of what is here; that is saved first."""
    from services import backup as backups

    with progress("Restoring") as report:
        return backups.restore(open_workspace(), file, progress=report)


# -- lyrics -------------------------------------------------------------------------------------------


@cli.group()
def lyrics() -> None:
    """The words of your songs: a private copy, exported by nothing."""


def _show_fetched(result: Json) -> None:
    found = f"{counted(result['found'], 'song')} with words, {result['instrumental']:,} instrumental"
    say(f"{result['looked']:,} looked for: {found}, {result['not_there']:,} not there, {result['failed']:,} failed.")
    for one in result["resting"]:
        say(f"{one['source']} was not asked any more: {one['reason']}")
    if result["left"]:
        say(f"{counted(result['left'], 'track')} left for later; the same command goes on.")
    if result["to_decide"]:
        say(f"{counted(result['to_decide'], 'track')} to decide about: cli.py lyrics offers")
    failed = [[one["title"], one["reason"]] for one in result["tracks"] if one["outcome"] == "failed"]
    if failed:
        show_table(failed, "failed", "why")


@lyrics.command("fetch")
@click.argument("tracks", nargs=-1, metavar="[TRACK...]")
@click.option("--again", is_flag=True, help="Also what was not there, or failed, lately.")
@click.option("--limit", type=NUMBER, help="Look for no more than so many.")
@verb(_show_fetched)
def lyrics_fetch(tracks: tuple[str, ...], again: bool, limit: int | None) -> Json:
    """Look for the words of tracks that lack them: in the files, beside them, and where you allowed it online.

    Ctrl-C keeps what was found; the same command goes on from there.
    """
    from services import lyrics_search as words

    workspace = open_workspace()
    ids = [workspace.tracks.resolve(track).id for track in tracks] or None
    with progress("Looking for lyrics") as tell:
        return words.fetch(workspace, track_ids=ids, again=again, limit=limit, progress=tell)


def _show_lyrics(result: Json) -> None:
    say(f"{result['title']}" + (f" · {result['artist']}" if result["artist"] else ""))
    say(result["sentence"])
    if result["figures"]:
        language = result["language"] or "language unsure"
        pace = result["figures"]["words_per_second"]
        say(
            f"{language} · {result['figures']['words']:,} words, {result['figures']['distinct_ratio']:.0%} distinct,"
            f" repetition {result['figures']['repetition']:.0%}" + (f", {pace:.1f} words/s" if pace else "")
        )
        mood = result["mood"]
        say(f"Sentiment {mood['mean']:+.2f}" if mood else "Sentiment is measured in English only.")
        if result["signs"]:
            say(result["signs"])
        say("")
    for line in result["lines"]:
        stamp = f"{time_stamp(line['seconds'])}  " if line["seconds"] is not None else ""
        say(f"{stamp}{_sign(line['sentiment'])}{line['text']}".rstrip())
    for offer in result["offers"]:
        say(f"To decide: {offer['id']} {offer['source']}: {offer['title']} by {offer['artist']} ({offer['match']:.0%})")


def time_stamp(seconds: float) -> str:
    """Return minutes and seconds.

    >>> time_stamp(75.4)
    ' 1:15'
    """
    return f"{int(seconds) // 60:2}:{int(seconds) % 60:02}"


def _sign(sentiment: float | None) -> str:
    """Return a mark before a line: + or - where it feels like something, nothing where it is not measured."""
    if sentiment is None:
        return ""
    return "+ " if sentiment >= 0.05 else "- " if sentiment <= -0.05 else "  "


@lyrics.command("show")
@click.argument("track")
@verb(_show_lyrics)
def lyrics_show(track: str) -> Json:
    """Show a track's words, where they come from, and how each line feels (in English)."""
    from services.lyrics_shown import show
    from services.lyrics_words import sentence, signs

    workspace = open_workspace()
    found = workspace.tracks.resolve(track)
    return show(workspace, found.id) | {"signs": sentence(signs(workspace, found.id))}


def _show_words(result: Json) -> None:
    if "parts" in result:
        show_table([[name, songs] for name, songs in result["parts"].items()], result["by"], "songs with words")
        return
    say(f"{result['value']} ({result['songs']:,} songs) against {result['against']} ({result['songs_against']:,}):")
    rows = [[t["word"], f"{t['z']:.1f}", "yes" if t["clear"] else "", t["songs"], t["rest"]] for t in result["terms"]]
    show_table(rows, "word", "z", "clear", "songs here", "there") if rows else say("No word tells them apart yet.")
    if rows and result["chance"] is not None:
        say(f"Clear: above {result['chance']:.1f}, which the clearest word reaches by chance in one of twenty cases.")


@lyrics.command("words")
@click.argument("value", required=False)
@click.option("--by", default="rating", show_default=True, help="A target such as genre, or artist.")
@click.option("--against", metavar="VALUE", help="What it is compared with [default: the opposite, or all the rest].")
@click.option("-n", "limit", type=NUMBER, default=40, show_default=True, help="How many words.")
@verb(_show_words)
def lyrics_words(value: str | None, by: str, against: str | None, limit: int) -> Json:
    """List the words that tell a part of your library from the rest: lyrics words liked; words rock --by genre.

    Without VALUE: the parts there are, and how many of their songs have words.
    """
    from services import lyrics_words as words

    workspace = open_workspace()
    if value is None:
        return {"by": by, "parts": {name: len(ids) for name, ids in words.groups(workspace, by).items()}}
    return words.compare(workspace, by, value, against, limit=limit)[0]


@lyrics.command("status")
@verb(show_pairs)
def lyrics_status() -> Json:
    """Say how many tracks have words, where they came from, and what waits."""
    from services import lyrics_shown as words

    return words.coverage(open_workspace())


def _show_offers(result: Json) -> None:
    rows = [
        [o["id"], o["track"], o["track_title"], f"{o['title']} by {o['artist']}", f"{o['match']:.0%}", o["source"]]
        for o in result["offers"]
    ]
    show_table(rows, "number", "track", "title", "found", "fits", "source") if rows else say("Nothing to decide.")


@lyrics.command("offers")
@verb(_show_offers)
def lyrics_offers() -> Json:
    """List words that may be another song's, for you to decide: lyrics take NUMBER, lyrics refuse NUMBER."""
    from services import lyrics_shown as words

    return {"offers": words.offers(open_workspace())}


@lyrics.command("take")
@click.argument("number", type=NUMBER)
@verb(lambda result: say(f"Taken for {result['title']}."))
def lyrics_take(number: int) -> Json:
    """Take words that were offered; `undo --act` takes it back."""
    from services import lyrics as words

    workspace = open_workspace()
    taken = words.take(workspace, number)
    return {"id": taken.track_id, "title": workspace.tracks.get(taken.track_id).title, "outcome": taken.outcome}


@lyrics.command("refuse")
@click.argument("number", type=NUMBER)
@verb(lambda result: say(f"Not {result['title']}; it will not be offered again."))
def lyrics_refuse(number: int) -> Json:
    """Say that words that were offered are another song's."""
    from services import lyrics as words

    track = words.refuse(open_workspace(), number)
    return {"id": track.id, "title": track.title}


@lyrics.command("wrong")
@click.argument("track")
@verb(
    lambda result: say(f"The words of {result['title']} are gone and will not be taken again; fetch looks for others.")
)
def lyrics_wrong(track: str) -> Json:
    """Say that a track's words are another song's; `undo --act` takes it back."""
    from services import lyrics as words

    workspace = open_workspace()
    found = words.wrong(workspace, workspace.tracks.resolve(track).id)
    return {"id": found.id, "title": found.title}


@lyrics.command("write")
@click.argument("track")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"), default="-")
@click.option("--instrumental", is_flag=True, help="Nothing is sung in it; no FILE is read.")
@verb(lambda result: say(f"Kept for {result['title']}; no search replaces it."))
def lyrics_write(track: str, file: Any, instrumental: bool) -> Json:
    """Give a track words of your own from FILE or standard input, with or without LRC time stamps."""
    from services import lyrics as words

    workspace = open_workspace()
    found = workspace.tracks.resolve(track)
    try:
        kept = (
            words.say_instrumental(workspace, found.id)
            if instrumental
            else words.write(workspace, found.id, file.read())
        )
    except UnicodeDecodeError:
        raise EarmarkError(f"{file.name} is no text in UTF-8; save it as one.") from None
    return {"id": found.id, "title": found.title, "outcome": kept.outcome, "language": kept.language}


def _show_cleared(result: Json) -> None:
    say(f"{counted(result['cleared'], 'track')} cleared; `undo --act` brings them back.")
    if result["kept"]:
        say(f"{counted(result['kept'], 'track')} you wrote the words of kept theirs; --by-hand clears them too.")


@lyrics.command("clear")
@click.argument("tracks", nargs=-1, metavar="[TRACK...]")
@click.option("--all", "everything", is_flag=True, help="Of every track.")
@click.option("--by-hand", is_flag=True, help="Also what you wrote yourself.")
@verb(_show_cleared)
def lyrics_clear(tracks: tuple[str, ...], everything: bool, by_hand: bool) -> Json:
    """Forget words, and what was not there, of these tracks or of all."""
    from services import lyrics as words

    if bool(tracks) == everything:
        raise click.UsageError("Name tracks, or --all.")
    workspace = open_workspace()
    ids = None if everything else [workspace.tracks.resolve(track).id for track in tracks]
    return words.clear(workspace, ids, by_hand=by_hand)


def _show_sources(result: Json) -> None:
    show_table([[name, "on" if on else "off"] for name, on in result["sources"].items()], "source", "asked")
    say(f"Genius token: {result['token'] or 'none'}.")


@lyrics.command("sources")
@click.argument("name", required=False, metavar="[lrclib|genius]")
@click.argument("turn", required=False, type=click.Choice(["on", "off"]))
@click.option("--token", "enters", is_flag=True, help="Enter a Genius token; it is read without being shown.")
@click.option("--forget-token", is_flag=True, help="Remove the Genius token kept here.")
@verb(_show_sources)
def lyrics_sources(name: str | None, turn: str | None, enters: bool, forget_token: bool) -> Json:
    """Show which sources are asked, or turn one on or off: lyrics sources lrclib on. Both are off at first."""
    from services import lyrics_sources as sources
    from services import tokens

    workspace = open_workspace()
    if (name is None) != (turn is None):
        raise click.UsageError("Say a source and on or off, such as: lyrics sources lrclib on.")
    if enters:
        tokens.keep(workspace, click.prompt("Genius token", hide_input=True, err=True))
    if forget_token:
        tokens.forget(workspace)
    if name is not None:
        sources.allow(workspace, name, turn == "on")
    return sources.state(workspace)


@cli.group("arrays")
def time_arrays() -> None:
    """Spectrogram slices and feature sequences for deep models; they can be made again at any time."""


ARRAY_KIND = click.option("--kind", "kinds", multiple=True, metavar="K", help="mel, frames or patches [default: all].")


def _show_made(result: Json) -> None:
    say(f"{result['sentence']}; made now: {counted(result['made'], 'track')} in {time_text(result['seconds'])}.")
    _show_failures(result["failed"], f"{len(result['failed']):,} could not be made:")


@time_arrays.command("make")
@ARRAY_KIND
@click.option("--limit", type=NUMBER, metavar="N", help="Of at most so many tracks.")
@verb(_show_made)
def arrays_make(kinds: tuple[str, ...], limit: int | None) -> Json:
    """Make those of analysed tracks that are not there yet; can be stopped and goes on later."""
    from services import arrays

    with progress("Making arrays") as report:
        return arrays.make(open_workspace(), kinds=kinds or None, limit=limit, progress=report)


def _show_sizes(result: Json) -> None:
    say(f"{result['sentence']}.")
    rows = [
        [name, f"v{kind['version']}", kind["about"], kind["tracks"], kind["bytes"], kind["stale_bytes"]]
        for name, kind in result["kinds"].items()
    ]
    show_table(rows, "kind", "version", "", "tracks", "bytes", "bytes of older versions")


@time_arrays.command("size")
@verb(_show_sizes)
def arrays_size() -> Json:
    """Say what they take on the disk."""
    from services import arrays

    return arrays.size(open_workspace())


@time_arrays.command("clear")
@ARRAY_KIND
@verb(lambda result: say(f"{counted(result['files'], 'file')} deleted, {result['freed']} free again."))
def arrays_clear(kinds: tuple[str, ...]) -> Json:
    """Delete them, of every version."""
    from services import arrays

    return arrays.clear(open_workspace(), kinds or None)


# -- the house --------------------------------------------------------------------------------------


def _show_checks(result: Json) -> None:
    rows = [["ok" if check["ok"] else "WRONG", check["name"], check["detail"]] for check in result["checks"]]
    show_table(rows, "", "", "")


def _failed(result: Json) -> list[str]:
    return [check["name"] for check in result.get("checks", []) if not check["ok"]]


@cli.command()
@verb(_show_checks)
def doctor() -> Json:
    """Check Python, the packages, the database and the disk; exit 1 when something is wrong."""
    from services.doctor import examine

    return examine(click.get_current_context().obj)


@cli.command()
@click.option("--browser", type=click.Choice(["default", "none"]), default="default", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help="[default: 8501, or the next that is free]")
def run(browser: str, port: int | None) -> None:
    """Start Earmark in the browser; Ctrl-C ends it."""
    from services import launch

    context = click.get_current_context()
    context.exit(launch.run(home=context.obj, browser=browser, port=port))


if __name__ == "__main__":
    cli(prog_name="cli.py")
