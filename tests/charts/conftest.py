"""Every figure that these tests draw is checked by Plotly in full, as the app's own are not."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    real = go.Figure

    def figure(spec: dict[str, Any], *, _validate: bool) -> go.Figure:
        return real(spec)

    monkeypatch.setattr(go, "Figure", figure)
