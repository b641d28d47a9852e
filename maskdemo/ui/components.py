"""Our own components: charts that stay in the page, their replay, polls, and files for the browser.

`st.plotly_chart` takes a chart out of the page and puts a new one in whenever its figure changes: while
two charts grew by 20 epochs, 40 times, with 5 blank frames of 374, and zoom and hover were lost. This
component redraws the same charts in place: none removed, none blank of 389 frames, zoom and hover stay.
An unchanged chart costs the server 0.3 ms here and 1.3 to 2.4 ms there (Streamlit 1.67), and a replay
needs no answer from the server at all.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable, Hashable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from hashlib import blake2b
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from time import monotonic_ns
from types import MappingProxyType
from typing import Any, NamedTuple

import streamlit as st
from platformdirs import user_cache_path
from streamlit.components.v2 import component
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.components.v2.types import ComponentRenderer

from maskdemo.caching import Cache
from maskdemo.charts.replay import Frames
from maskdemo.charts.template import Figure, as_json
from maskdemo.training.snapshot import Snapshot

#: The components' full names: files of a component are served under its name.
CHART, REPLAY, POLL, LEAVING, REFUSED, OUTPUTS = OURS = (
    "maskdemo.chart",
    "maskdemo.replay",
    "maskdemo.poll",
    "maskdemo.leaving",
    "maskdemo.refused",
    "maskdemo.outputs",
)
PLOTLY = "plotly.library"
PLOTLY_FILE = f"plotly-{version('plotly')}.min.js.gz"
#: Where Plotly is, seen from our own files.
PLOTLY_ADDRESS = f"../{PLOTLY}/{PLOTLY_FILE}"
#: What a chart's own button saves, and how many pixels a dot of the screen becomes.
FIGURES = {"SVG": 1, "PNG": 2}
#: Pixels of the buttons below a chart.
TOOLS = 24
#: Of drawings that are kept.
MAX_CHARACTERS = 8 * 2**20
#: Chart -> the version that the browser has drawn, where it has said so in asking for this very run of
#: the page.
_BROWSER_HAS: ContextVar[Mapping[str, str]] = ContextVar("browser_has", default=MappingProxyType({}))


class Click(NamedTuple):
    """A click in a chart: the pointer's x and y in units of the axes; panel: from 0 at the top."""

    x: float
    y: float
    panel: int


@dataclass(frozen=True)
class Handle:
    """The edge of the padding in a chart of outputs by step, as a handle.

    data: what the browser needs of it, see `maskdemo.ui.padding_handle`; None while there are no
    networks. on_pulled: callback, with the handle's position ("added", "side", ...) when let go.
    """

    data: dict[str, Any] | None
    on_pulled: Callable[[dict[str, Any]], object]


def is_dark() -> bool:
    """Whether the viewer's theme is dark."""
    return st.context.theme.type == "dark"


def saved_as() -> str:
    """Return the kind of file that a chart's own button saves: "SVG", or "PNG" if chosen."""
    return st.session_state.get("figures") or next(iter(FIGURES))


def chart(
    figure: Figure | Drawing,
    *,
    key: str,
    alt: str,
    on_click: Callable[[Click], object] | None = None,
    on_tap: str = "",
    handle: Handle | None = None,
) -> None:
    """Draw a figure of `maskdemo.charts`, as wide as its place and as high as it says.

    key: unique on the page, and in the name of a saved file. alt: what is seen, for those who do not
    see it. on_click: a callback, of a click anywhere in a panel. on_tap: the label of a button that a
    finger's tap, not a mouse's, shows first; "": none. handle: of a chart whose padding can be pulled.
    """
    shown = figure if isinstance(figure, Drawing) else drawing(figure)
    image = saved_as()
    # By its beginning the pages' style knows a chart.
    place = f"chart_{key}"
    data = {
        "key": place,
        "pieces": shown.missing_from(_BROWSER_HAS.get().get(place, "")),
        "version": ".".join(shown.version),
        "alt": alt,
        "clickable": on_click is not None,
        "tap": on_tap,
        "handle": handle and handle.data,
        "image": {"format": image.lower(), "filename": f"maskdemo-{key}", "scale": FIGURES[image]},
        "library": PLOTLY_ADDRESS,
    }

    def on_clicked() -> None:
        if on_click is not None and (clicked := st.session_state[place].get("clicked")) is not None:
            on_click(Click(**clicked))

    # Where the browser lacks pieces after all, the run that this begins sends all of them.
    on: dict[str, Any] = {"on_clicked_change": on_clicked, "on_missing_change": lambda: None}
    if handle is None:
        draw = renderer_of(CHART)
        draw(key=place, data=data, height=shown.height + TOOLS, **on)
        return

    # Not the handle itself: a session keeps its callbacks, and the networks in `data` with them.
    take = handle.on_pulled

    def on_pulled() -> None:
        take(st.session_state[place]["pulled"])

    # Beside the chart, or below it, is what belongs to the handle: how high that is, the browser knows.
    draw = renderer_of(OUTPUTS)
    draw(key=place, data=data, on_pulled_change=on_pulled, **on)


def replay(
    epochs: tuple[int, ...], *, run: object, epoch: int | None = None, on_rest: Callable[[int], object]
) -> None:
    """Draw a button and a slider that play a run again in all charts of the page that have frames.

    epochs: the slider's positions, one or more, ascending. run: tells runs apart, by its `repr`. Only
    for another, or other epochs, the slider moves to `epoch`, or the last if that is none of them.
    on_rest: a callback with another epoch than before at which the slider was let go, or playing ended
    or was paused. While it moves, the server is not asked anything.
    """
    version = blake2b(repr((epochs, run)).encode(), digest_size=8).hexdigest()
    data = {"epochs": epochs, "epoch": epoch, "version": version}

    def on_epoch() -> None:
        on_rest(st.session_state.replay["epoch"])

    draw = renderer_of(REPLAY)
    draw(key="replay", data=data, on_epoch_change=on_epoch)


def _on_poll(key: str) -> None:
    """Set the context's `_BROWSER_HAS`, chart -> digests drawn, as the browser's poll `key` says."""
    # Where the whole page ran meanwhile, the part may be gone.
    drawn = st.session_state.get(key, {}).get("poll")
    _BROWSER_HAS.set({place: str(each) for place, each in dict(drawn or {}).items()})


def repeat(draw: Callable[[], None], pause_s: Callable[[], float | None], *, key: str) -> None:
    """Draw a part of the page now, and again `pause_s()` after each drawing arrived, until it is None.

    The part has a container of its own: should its drawing be thrown away because somebody moved a
    control just then, nothing beside it moves. See also `minCachedMessageSize` in
    `.streamlit/config.toml`.
    """
    page = monotonic_ns()

    def part() -> None:
        try:
            draw()
        finally:
            _BROWSER_HAS.set({})
        if (seconds := pause_s()) is not None:
            data = {"seconds": seconds, "page": page, "drawn": monotonic_ns()}
            poll = renderer_of(POLL)
            poll(key=key, data=data, on_poll_change=partial(_on_poll, key))

    with st.container():
        st.fragment(part)()


@dataclass(frozen=True)
class Drawing:
    """A figure in pieces of JSON: its layout, its frames (null without a replay), each trace.

    version: the hexadecimal digest of each piece, by which the browser tells what it has.
    height: in pixels.
    """

    pieces: tuple[str, ...]
    version: tuple[str, ...]
    height: int

    def missing_from(self, drawn: str) -> dict[str, str]:
        """Return digest -> piece that the browser lacks. drawn: digests that it has, joined by "."."""
        there = set(drawn.split("."))
        pairs = zip(self.version, self.pieces, strict=True)
        return {digest: piece for digest, piece in pairs if digest not in there}


def drawing(figure: Figure, frames: Frames | None = None) -> Drawing:
    """Return the figure in pieces of JSON; the frames are null if None or without epochs."""
    moves = frames.to_json() if frames is not None and frames.epochs else "null"
    pieces = (as_json(figure.layout), moves, *map(as_json, figure.data))
    version = tuple(blake2b(each.encode(), digest_size=8).hexdigest() for each in pieces)
    return Drawing(pieces, version, figure.height)


#: The drawings that all viewers of this server share, by what they show.
SHARED: Cache[Drawing] = Cache(MAX_CHARACTERS, lambda kept: sum(map(len, kept.pieces)))


def drawing_of_run(
    figure_of: Callable[..., Figure],
    snapshot: Snapshot,
    frames: Callable[[], Frames] | None = None,
    **looks: Hashable,
) -> Drawing:
    """Return what a function of `maskdemo.charts` draws of a run, made once for all viewers.

    frames: of the replay, if the run has finished. looks: further arguments of `figure_of`.
    """
    # No two different snapshots share all four.
    run = snapshot.experiment, snapshot.done, snapshot.seconds, snapshot.finished

    def draw() -> Drawing:
        return drawing(figure_of(snapshot, **looks), frames() if frames and snapshot.finished else None)

    return SHARED.get((figure_of, *run, *looks.items()), draw)


def renderer_of(name: str) -> ComponentRenderer:
    """Return the function that draws a component, and have its files served. name: such as `CHART`."""
    _serve_files()
    return _register(name)


@cache
def _register(name: str) -> ComponentRenderer:
    """Register a component, once, and return what draws it; of `CHART` the script is `chart.js`."""
    script = f"{name.partition('.')[2]}.js"
    # What shows nothing waits for no style: should the connection break then, it would never begin.
    css = None if name in (POLL, LEAVING) else "padding_handle.css" if name == OUTPUTS else "chart.css"
    return component(name, js=script, css=css, isolate_styles=False)


def _serve_files() -> None:
    """Have the running server hand out our components' files and Plotly, unless it does so already.

    This is what Streamlit does for the packaged components that it finds installed. Ours are not
    installed, they lie beside the app, so nobody has to build or install anything.
    """
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(CHART) is not None:
        return
    ours = [ComponentConfig(name.partition(".")[2], "browser") for name in OURS]
    manager.register_from_manifest(ComponentManifest("maskdemo", "1", ours), Path(__file__).parent)
    room, _, name = PLOTLY.partition(".")
    theirs = ComponentManifest(room, version("plotly"), [ComponentConfig(name, ".")])
    manager.register_from_manifest(theirs, plotly_folder())


@cache
def plotly_folder() -> Path:
    """Return the cache or else temporary folder with Plotly's library as `.gz`, written if missing.

    Streamlit would compress it anew for each viewer, half a second of the server's time. Raises
    OSError if neither folder can be written.
    """
    content = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    for folder in (user_cache_path("maskdemo") / "browser", Path(tempfile.gettempdir()) / "maskdemo"):
        path = folder / PLOTLY_FILE
        try:
            if path.is_file() and path.stat().st_size:
                return folder
            folder.mkdir(parents=True, exist_ok=True)
            # Whole or not at all: another process may be looking.
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as part:
                part.write(gzip.compress(content, 6, mtime=0))
            Path(part.name).replace(path)
            return folder
        except OSError:
            continue
    raise OSError("There is no folder to which the chart library could be written.")
