"""What the server does once, before the first visitor comes, so that nobody waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pkgutil import iter_modules

import maskdemo.ui
from maskdemo.scenarios import OPENING, SCENARIOS


@asynccontextmanager
async def ready(_app: object) -> AsyncIterator[None]:
    """Import what pages import, and read what they open on; the server listens from then on.

    Here rather than at the top: Streamlit's caches want to be declared once its runtime is there.
    """
    for module in iter_modules(maskdemo.ui.__path__, "maskdemo.ui."):
        import_module(module.name)
    from maskdemo.results import precomputed
    from maskdemo.ui import browser_files

    browser_files.packed()
    precomputed.run(SCENARIOS[OPENING].experiment)
    yield
