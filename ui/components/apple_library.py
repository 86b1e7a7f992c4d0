"""Taking in an Apple Music library: choosing its file, seeing what it holds and where its files are, then importing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import streamlit as st

from core.errors import EarmarkError
from services import apple
from services.apple import Options, Preview
from services.engine import Engine
from ui.components.add_music import folder_field
from ui.components.words import RATINGS, cloud_sentence, counted, readable, together
from ui.session import note

HOW_TO_EXPORT = (
    "In Music choose **File > Library > Export Library...**, then pick that file;"
    " stars and favourites count as a head start."
)
LARGEST = 500  # MB, as in .streamlit/config.toml
KEPT_SECONDS = 600  # for so long a look is believed: files may come and go
ANSWERS = {**RATINGS, apple.IGNORE: "Ignore"}
STARS = ("5", "4", "3", "2", "1")
WHICH_SPEAKS = "Loved and Disliked beat stars; 0 stars means unrated."
ALL_IN_THE_CLOUD = "You can import it all the same: ratings and playlists wait until the files are here."
REPORT_COLUMNS = {
    "title": "Title", "artist": "Artist", "album": "Album", "found": "Found", "file": "File here",
    "location": "As the library says",
}  # fmt: skip

# Streamlit calls the place to drop a file decoration and names it all the same: screen readers need one or the other.
NAMED_GROUP = """<span class="earmark-unseen"></span><script>
window.__earmarkDropZones ??= new MutationObserver(() => {
  for (const zone of document.querySelectorAll("[data-testid=stFileUploaderDropzone][role=presentation]"))
    zone.setAttribute("role", "group");
});
window.__earmarkDropZones.observe(document.body, { childList: true, subtree: true });
document.querySelectorAll("[data-testid=stFileUploaderDropzone]").forEach((zone) => zone.setAttribute("role", "group"));
</script>"""


def apple_library(engine: Engine, *, key: str) -> None:
    """Ask for the library's file, or show what the chosen one holds."""
    file = chosen(key)
    if file is None:
        choose(engine, key=key)
    else:
        preview(engine, file, key=key)


def chosen(key: str) -> Path | None:
    """Return the library's file the person chose."""
    file = st.session_state.get(f"{key}-file")
    return None if file is None else Path(file)


# -- choosing -----------------------------------------------------------------------------------------


def choose(engine: Engine, *, key: str) -> None:
    """Take the file by dropping, picking or typing, or from where it usually is."""
    turn = st.session_state.get(f"{key}-turn", 0)
    upload = f"{key}-upload-{turn}"  # a new one for each file: the old one's content is let go
    st.file_uploader(
        "Drop the file here, or choose it",
        type="xml",
        max_upload_size=LARGEST,
        key=upload,
        on_change=_keep,
        args=(engine, key, upload),
    )
    st.html(NAMED_GROUP, unsafe_allow_javascript=True)
    for file in apple.suggested_files():
        st.button(
            f"{file}", key=f"{key}-suggest-{file}", icon=":material/description:", on_click=_take, args=(key, file)
        )
    path = st.text_input(
        "Or its path", key=f"{key}-path", placeholder="~/Music/Library.xml", live=True, on_change=_typed, args=(key,)
    )
    if path and (trouble := apple.trouble(path)):
        st.warning(trouble)


def _keep(engine: Engine, key: str, upload: str) -> None:
    """Put what came through the browser into the home, and let the browser's copy go."""
    file = st.session_state.get(upload)
    if file is None:
        return
    try:
        _take(key, apple.keep(engine.workspace, file.name, file.getbuffer()))
    except EarmarkError as error:
        note(str(error))
    st.session_state[f"{key}-turn"] = st.session_state.get(f"{key}-turn", 0) + 1


def _typed(key: str) -> None:
    path = st.session_state[f"{key}-path"]
    if path and not apple.trouble(path):
        _take(key, Path(path.strip()).expanduser().absolute())


def _take(key: str, file: Path) -> None:
    st.session_state[f"{key}-file"] = str(file)
    st.session_state.pop(f"{key}-look-in", None)


def forget(key: str) -> None:
    """Go back to choosing a file."""
    st.session_state.pop(f"{key}-file", None)


# -- looking ------------------------------------------------------------------------------------------


def preview(engine: Engine, file: Path, *, key: str) -> None:
    """Show what a file holds and what would become of it; nothing is imported before the person says so."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-chosen"):
        st.markdown(f"`{readable(str(file))}`", width="stretch")
        st.button("Choose another file", key=f"{key}-back", on_click=forget, args=(key,))
    options = _options(engine, key)
    try:
        seen = look(engine, file, options)
    except EarmarkError as error:
        st.error(readable(str(error)))
        return
    if not seen.counts["tracks"]:
        st.warning("This file holds no music.")
        return
    for sentence in sentences(seen):
        st.markdown(sentence)
    ratings(seen, options, key)
    if seen.counts["missing"] or options.look_in:
        point(seen, options, key)
    report(seen, key)
    st.button("Import", key=f"{key}-go", type="primary", on_click=_start, args=(engine, file, options, key))


def _options(engine: Engine, key: str) -> Options:
    """Return how the library was taken in last time, with the folders the person points at now."""
    last = apple.last_options(engine.workspace)
    look_in = st.session_state.setdefault(f"{key}-look-in", list(last.look_in))
    return Options(last.answers, last.maps, [folder for folder in look_in if Path(folder).is_dir()])


def look(engine: Engine, file: Path, options: Options) -> Preview:
    """Return what a file holds; read again only when it, the folders to look in or the library changed."""
    there = file.stat() if file.is_file() else None
    stamp = there and (there.st_size, there.st_mtime)
    library = str(engine.workspace.home), tuple(engine.workspace.tracks.count().items())
    return _look(engine, str(file), stamp, tuple(options.maps), tuple(options.look_in), library)


@st.cache_resource(show_spinner="Reading your library", max_entries=2, ttl=KEPT_SECONDS)
def _look(
    _engine: Engine,
    file: str,
    stamp: tuple[int, float] | None,
    maps: tuple[tuple[str, str], ...],
    look_in: tuple[str, ...],
    library: tuple[object, ...],
) -> Preview:
    return apple.look(_engine.workspace, file, Options(maps=maps, look_in=look_in))


def sentences(seen: Preview) -> list[str]:
    """Say what a library holds, one thing a sentence.

    Returns
    -------
    list of str
        The first one sums up; the others are there only for what there is.
    """
    n = seen.counts
    lines = [f"**{counted(n['tracks'], 'track')}, {counted(n['playlists'], 'playlist')}.** {_whereabouts(n)}"]
    if n["cloud_only"]:
        lines.append(cloud_sentence(n["cloud_only"], n["tracks"], n["files"]))
    if n["cloud_only"] == n["tracks"]:
        lines.append(ALL_IN_THE_CLOUD)
    if n["protected"]:
        them = "is" if n["protected"] == 1 else "are"
        lines.append(f"{counted(n['protected'], 'track')} {them} protected by Apple: only Apple's programs play them.")
    aside = [counted(n["podcasts"], "podcast")] * bool(n["podcasts"])
    aside += [counted(n["other"], "video, audiobook or stream", "videos, audiobooks or streams")] * bool(n["other"])
    if aside:
        lines.append(f"Not music, so not taken in: {', '.join(aside)}.")
    if n["known"]:
        lines.append(f"{counted(n['known'], 'track')} in your library already: only what changed is taken in.")
    return lines


def _whereabouts(n: dict[str, int]) -> str:
    here = f"{counted(n['files'], 'file')} {'is' if n['files'] == 1 else 'are'} here"
    gone = f"{n['missing']:,} {'was' if n['missing'] == 1 else 'were'} not found"
    if n["missing"]:
        return f"{here}; {gone}."
    return f"{here}." if n["files"] else ""


# -- what its ratings mean ------------------------------------------------------------------------------


def ratings(seen: Preview, options: Options, key: str) -> None:
    """Show each line of ratings with what it stands for, to be changed."""
    st.header("What your ratings mean", anchor=False)
    if not seen.lines:
        st.write("No track is rated in this library.")
        return
    with st.container(width=520, key=f"{key}-lines"):
        for line in seen.lines:
            field = f"{key}-line-{line.key}"
            st.session_state.setdefault(field, options.answers[line.key])
            with st.container(horizontal=True, vertical_alignment="center", wrap=False, key=f"{field}-row"):
                st.markdown(f"**{line.words}** · {counted(line.tracks, 'track')}", width="stretch")
                st.selectbox(
                    f"What {line.words} means",
                    list(ANSWERS),
                    format_func=ANSWERS.__getitem__,
                    key=field,
                    label_visibility="collapsed",
                    width=150,
                )
    stars = [line.key for line in seen.lines if line.key in STARS]
    if stars:
        ignored = all(st.session_state[f"{key}-line-{star}"] == apple.IGNORE for star in stars)
        words = "Use the stars again" if ignored else "Ignore all stars"
        st.button(words, key=f"{key}-stars", on_click=_set_stars, args=(key, stars, not ignored))
    st.caption(WHICH_SPEAKS)


def _set_stars(key: str, stars: list[str], ignore: bool) -> None:
    for star in stars:
        st.session_state[f"{key}-line-{star}"] = apple.IGNORE if ignore else apple.ANSWERS[star]


# -- where its files are --------------------------------------------------------------------------------


def point(seen: Preview, options: Options, key: str) -> None:
    """Ask in which folder the files are that were not found, and say at once what that brought."""
    st.header("Point me to your music", anchor=False)
    if options.look_in:
        st.success(what_was_found(seen))
    else:
        st.write("If the files are in another folder or on another disk now, name it: they are found by name and size.")
    for number, folder in enumerate(options.look_in):
        with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-looked-{number}"):
            st.markdown(f"`{readable(folder)}`", width="stretch")
            st.button("Do not look there", key=f"{key}-unlook-{number}", on_click=_look_less, args=(key, folder))
    place = folder_field("Folder", key=f"{key}-point")
    if place and Path(place).expanduser().is_dir():
        st.button("Look there", key=f"{key}-look", on_click=_look_more, args=(key, place))


def what_was_found(seen: Preview) -> str:
    """Say how many files were found elsewhere: "1,020 of 1,169 found by name and size."."""
    hows = Counter(placed.how for placed in seen.placed)
    found = f"{hows['by name and size']:,} of {len(seen.placed) - hows['cloud']:,} found by name and size."
    several = hows["several"]
    left = f"{several:,} could be one of several files and {'is' if several == 1 else 'are'} left alone."
    return f"{found} {left}" if several else found


def _look_more(key: str, folder: str) -> None:
    place = str(Path(folder.strip()).expanduser().absolute())
    known = st.session_state[f"{key}-look-in"]
    st.session_state[f"{key}-look-in"] = [*known, *([] if place in known else [place])]
    st.session_state[f"{key}-point-path"] = ""


def _look_less(key: str, folder: str) -> None:
    st.session_state[f"{key}-look-in"] = [one for one in st.session_state[f"{key}-look-in"] if one != folder]


def report(seen: Preview, key: str) -> None:
    """List where each track's file was found, to be filtered, searched and saved."""
    with st.expander("Where each file was found", key=f"{key}-report", on_change="rerun") as place:
        if place.open:
            _report(seen, key)


def _report(seen: Preview, key: str) -> None:
    table = pd.DataFrame(apple.report_rows(seen.placed), columns=apple.REPORT)
    counts = {"all": len(table), **table.found.value_counts().to_dict()}
    found = st.segmented_control(
        "Show",
        list(counts),
        default="all",
        format_func=lambda how: f"{how} {counts.get(how, 0):,}",
        key=f"{key}-report-found",
        required=True,
    )
    text = st.text_input("Search", key=f"{key}-report-search", placeholder="Title, artist, album or file")
    rows = table if found in (None, "all") else table[table.found == found]
    rows = rows.fillna("").map(readable)
    for word in (text or "").casefold().split():
        rows = rows[together(rows).str.contains(word, regex=False)]
    if rows.empty:
        st.write("Nothing fits.")
        return
    st.dataframe(rows, hide_index=True, column_config=REPORT_COLUMNS, height=320, key=f"{key}-report-table")
    st.download_button(
        "Save this table (CSV)",
        data=lambda: rows.to_csv(index=False).encode(),
        file_name="where the files are.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"{key}-report-save",
    )


# -- importing ----------------------------------------------------------------------------------------


def _start(engine: Engine, file: Path, options: Options, key: str) -> None:
    edited = {line: st.session_state.get(f"{key}-line-{line}", answer) for line, answer in options.answers.items()}
    engine.submit(
        "import",
        {
            "paths": [str(file)],
            "stars": edited,
            "maps": [list(pair) for pair in options.maps],
            "look_in": list(options.look_in),
        },
    )
    forget(key)
