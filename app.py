"""maskdemo: what every visit runs, and what the server does once before the first.

`streamlit run app.py` sees the `st.App` below and imports this file to serve it; then it runs the same
file, as `__main__`, for every visit. A host that looks for no `st.App` only does the latter: its first
visitor waits for imports, and uploads have the bounds of Streamlit alone (the size of each file).
"""

import streamlit as st

if __name__ == "__main__":
    from maskdemo.ui import navigation, server, take_away, theme, upload, url

    page, name = navigation.declare()
    st.set_page_config(page_title=navigation.tab(name), page_icon="🎭", layout="wide")
    theme.style()
    navigation.leaving(page)
    url.follow(name)
    take_away.whole_page() if st.context.is_embedded else navigation.menu()
    server.shared()
    with upload.only_where_asked():
        page.run()
else:
    from starlette.middleware import Middleware

    from maskdemo.ui.startup import ready
    from maskdemo.ui.upload_middleware import UploadMiddleware

    app = st.App(__file__, lifespan=ready, middleware=[Middleware(UploadMiddleware)])
