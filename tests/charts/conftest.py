"""Every figure that these tests draw is checked by Plotly in full, as the app's own are not."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import isfunction
from typing import Any

import plotly.graph_objects as go
import pytest

from maskdemo import charts
from maskdemo.charts.template import Figure


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_checked(draw: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(draw)
        def drawn(*args: Any, **options: Any) -> Any:
            made = draw(*args, **options)
            if not isinstance(made, Figure):
                return made
            return go.Figure({"data": made.data, "layout": made.layout})

        return drawn

    for name, each in vars(charts).copy().items():
        if isfunction(each):
            monkeypatch.setattr(charts, name, as_checked(each))
