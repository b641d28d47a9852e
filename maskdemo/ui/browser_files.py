"""What the browser fetches: our own few files, and the Plotly that the Python package ships."""

from __future__ import annotations

import gzip
import tempfile
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from platformdirs import user_cache_path
from streamlit.components.v2 import component
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.components.v2.types import ComponentRenderer

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


def renderer_of(name: str) -> ComponentRenderer:
    """Return the function that draws a component, and have its files served. name: such as `CHART`."""
    _serve_files()
    return _register(name)


@cache
def _register(name: str) -> ComponentRenderer:
    """Make a component known to Streamlit, once, and return the function that draws the component."""
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
    """Return the cache or else temporary folder that holds Plotly's library, gzipped there if missing.

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
