"""Charts that stay in the page: drawn by Plotly in the browser, changed in place, played again there.

`st.plotly_chart` takes a chart out of the page and puts a new one in whenever its figure changes: while
two charts grew by 20 epochs, 40 times, with 5 blank frames of 374, and zoom and hover were lost. This
component redraws the same charts in place: none removed, none blank of 389 frames, zoom and hover stay.
An unchanged chart costs the server 0.3 ms here and 1.3 to 2.4 ms there (Streamlit 1.67), and a replay
needs no answer from the server at all.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from maskdemo.ui import browser_files
from maskdemo.ui.figure_cache import Drawing, drawing

#: What a chart's own menu saves, and how many pixels a dot of the screen becomes.
FIGURES = {"SVG": 1, "PNG": 2}


def saved_as() -> str:
    """The kind of file that a chart's own menu saves, of `FIGURES`."""
    return st.session_state.get("figures") or next(iter(FIGURES))


def chart(
    figure: go.Figure | Drawing,
    *,
    key: str,
    alt: str,
    replay: str | None = None,
    on_click: Callable[[float], object] | None = None,
) -> None:
    """A figure as `maskdemo.charts` made it, as wide as its place and as high as it says.

    alt: what is seen, for those who do not see it. replay: the group whose `replay` control moves it,
    if it has frames. on_click: called with x where somebody clicked, before the page is drawn anew.
    """
    shown = figure if isinstance(figure, Drawing) else drawing(figure)
    image = saved_as()
    # By its beginning the pages' style knows a chart.
    place = f"chart_{key}"
    data = {
        "figure": shown.figure,
        "frames": shown.frames,
        "version": shown.version,
        "alt": alt,
        "replay": replay,
        "clickable": on_click is not None,
        "image": {
            "format": image.lower(),
            "filename": f"maskdemo-{key}",
            "scale": FIGURES[image],
        },
        "library": browser_files.ADDRESS,
    }

    def on_clicked() -> None:
        if on_click is not None and (x := st.session_state[place].get("clicked")) is not None:
            on_click(x)

    draw = browser_files.drawn_by(browser_files.CHART)
    draw(key=place, data=data, height=shown.height, on_clicked_change=on_clicked)


def replay(
    epochs: tuple[int, ...],
    *,
    key: str,
    group: str,
    run: object,
    epoch: int | None = None,
    label: str = "After epoch",
    on_rest: Callable[[int], object] | None = None,
) -> int:
    """A button and a slider that play a run again in all charts of the group; returns where they rest.

    epochs: where they stop, in order, the newest last. run: anything that tells runs apart: another one
    starts at its newest epoch. epoch: where a new one stands instead. on_rest: called with the epoch at
    which it came to rest. While it moves, the server is not asked anything.
    """
    version = blake2b(repr((epochs, group, run, label)).encode(), digest_size=8).hexdigest()
    data = {"epochs": epochs, "group": group, "epoch": epoch, "label": label, "version": version}

    def on_epoch() -> None:
        if on_rest is not None:
            on_rest(st.session_state[key]["epoch"])

    replayer = browser_files.drawn_by(browser_files.REPLAY)(
        key=key, data=data, on_epoch_change=on_epoch
    )
    rests: Any = replayer.get("epoch")
    return rests if rests in epochs else epoch if epoch in epochs else epochs[-1]
