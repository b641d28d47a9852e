"""maskdemo: what every visit runs, and what the server does once before the first.

`streamlit run app.py` sees the `st.App` below and imports this file to serve it; then it runs the same
file, as `__main__`, for every visit. A host that looks for no `st.App` only does the latter: its first
visitor waits for imports, and uploads have the bounds of Streamlit alone (the size of each file).
"""

from pathlib import Path

import streamlit as st

if __name__ == "__main__":
    from maskdemo.ui import live_job, navigation, take_away, upload, url

    page, name = navigation.declare()
    st.set_page_config(page_title=navigation.tab_title(name), page_icon="🎭", layout="wide")
    # What the theme's settings cannot say.
    st.html(Path(navigation.__file__).with_name("pages.css"))
    navigation.ignore_clicks_once_left(page)
    url.synchronise(name)
    if st.context.is_embedded:
        take_away.link_to_whole_page()
    else:
        navigation.menu()
    live_job.server()
    st.session_state.asks_for_file = False
    page.run()
    if st.session_state.get("may_upload") and not st.session_state.asks_for_file:
        upload.forbid()
else:
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager
    from importlib import import_module
    from pkgutil import iter_modules

    from starlette.middleware import Middleware

    import maskdemo.ui
    from maskdemo.results import precomputed
    from maskdemo.ui.style_middleware import StyleMiddleware
    from maskdemo.ui.upload_middleware import UploadMiddleware

    @asynccontextmanager
    async def ready(_app: object) -> AsyncIterator[None]:
        """Import what pages import, and read what they open on; the server listens from then on.

        Here rather than at the top: Streamlit's caches want to be declared once its runtime is there.
        """
        for module in iter_modules(maskdemo.ui.__path__, "maskdemo.ui."):
            import_module(module.name)
        import_module("maskdemo.ui.components").plotly_folder()
        precomputed.marks()
        yield

    middleware = [Middleware(StyleMiddleware), Middleware(UploadMiddleware)]
    app = st.App(__file__, lifespan=ready, middleware=middleware)
