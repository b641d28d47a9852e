"""Files that viewers upload: taken once, and not held by the server any longer than that."""

from __future__ import annotations

from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile


def taken(uploaded: UploadedFile) -> bytes:
    """The bytes of a file. Streamlit alone would keep each one until the session ends."""
    content = uploaded.getvalue()
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, uploaded.file_id)
    return content
