"""Files that viewers upload: asked for by a page, taken once, then not held by the server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager as Files
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from maskdemo.ui import components, url
from maskdemo.ui.upload_middleware import LIMITS, SENTENCES


def forbid() -> None:
    """Take no more files from the session: `app.py` calls this after a page without an uploader."""
    LIMITS.forbid(_session())
    st.session_state.may_upload = False


def uploader(
    name: str,
    label: str,
    *,
    types: list[str] | None,
    max_mb: int,
    on_file: Callable[[str, bytes], None],
    help: str | None = None,
) -> None:
    """Let the session upload, and draw an uploader, with a sentence if a file is refused.

    name: the beginning of its key. on_file: called in a callback with the name of a file, of at most 80
    characters, and its bytes, which are held nowhere else from then on.
    """
    is_active = runtime.get_instance().is_active_session if runtime.exists() else bool
    LIMITS.allow(_session(), is_active=is_active)
    st.session_state.asks_for_file = st.session_state.may_upload = True
    key = f"{name}_upload_{st.session_state.get('uploads', 0)}"
    on_change = partial(_on_upload, key, on_file)
    st.file_uploader(label, type=types, key=key, max_upload_size=max_mb, on_change=on_change, help=help)
    draw = components.renderer_of(components.REFUSED)
    draw(key=f"{key}_refused", data={"sentences": SENTENCES})


def _on_upload(key: str, on_file: Callable[[str, bytes], None]) -> None:
    """Call `on_file` for the file in an uploader, which a new, empty one replaces."""
    url.mark_touched()
    if (uploaded := st.session_state[key]) is not None:
        on_file(uploaded.name[:80], _take_content(uploaded))
        st.session_state.uploads = st.session_state.get("uploads", 0) + 1


def _take_content(uploaded: UploadedFile) -> bytes:
    """Return the bytes of an uploaded file, and have the server forget the file."""
    content = uploaded.getvalue()
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, Files):
        context.uploaded_file_mgr.remove_file(context.session_id, uploaded.file_id)
    return content


def _session() -> str:
    """Return the id of the session that is drawn."""
    context = get_script_run_ctx()
    assert context is not None
    return context.session_id
