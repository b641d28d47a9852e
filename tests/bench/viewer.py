"""A viewer without a browser: one tab that speaks Streamlit's own protocol over its websocket.

It keeps the elements that a browser would show, asks again where the page wants to be asked again,
and presses buttons by their words. So many viewers cost the machine little and the server all.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import StringArray
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Navigation_pb2 import Navigation
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from maskdemo.ui.components import CHART, OUTPUTS, POLL

#: A script that was cut off because the page is to run again has not drawn all of it.
EARLY = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN


@dataclass
class _Drawn:
    element: Element
    run: int
    fragment: str


@dataclass
class Viewer:
    """One tab. `url`: the server's address, http://127.0.0.1:port.

    session: the id of its session at the server. exceptions: what the page could not draw. received:
    bytes so far. redraws: how often a part of the page with charts was drawn again by itself.
    """

    url: str
    session: str = ""
    exceptions: list[str] = field(default_factory=list)
    received: int = 0
    redraws: int = 0

    def __post_init__(self) -> None:
        self._drawn: dict[tuple[int, ...], _Drawn] = {}
        self._cached: dict[str, Element] = {}
        self._runs = 0
        self._finished = 0
        self._query = self._page = ""
        self._page_hash = ""  # the page that the server draws, as it names it; empty before the first
        self._shown: str | None = None  # the page that the server draws, as `open` names it
        self._changed = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        # As `poll.js` has it: each part's page and timer, who waits to ask, who has asked.
        self._pages: dict[str, int] = {}
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._due: list[str] = []
        self._asked: str | None = None

    async def open(self, query: str = "", page: str = "") -> float:
        """Open a page by its link; returns the seconds until all of it has been drawn."""
        began, self._query, self._page = time.monotonic(), query, page
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        self._socket = await connect(
            address,
            subprotocols=[Subprotocol("streamlit")],
            origin=Origin(self.url),
            max_size=None,
        )
        self._spawn(self._listen())
        await self._rerun()
        await self.until(lambda: self._finished > 0)
        return time.monotonic() - began

    async def close(self) -> None:
        """Close the tab."""
        for task in [*self._tasks, *self._timers.values()]:
            task.cancel()
        if self._socket is not None:
            await self._socket.close()

    async def until(self, true: Callable[[], Any]) -> None:
        """Wait until the page shows it."""
        while not true():
            self._changed.clear()
            await self._changed.wait()

    def elements(self, kind: str) -> list[Any]:
        """What there is of a kind, such as "button", in the order of the page."""
        shown = [self._drawn[path].element for path in sorted(self._drawn)]
        return [getattr(each, kind) for each in shown if each.WhichOneof("type") == kind]

    def has_button(self, label: str) -> bool:
        """Whether there is a button of these words that can be pressed."""
        return self._button(label) is not None

    def words(self) -> str:
        """Every sentence that is shown."""
        said = [each.body for kind in ("markdown", "alert", "heading") for each in self.elements(kind)]
        return "\n".join([*said, *(each.text for each in self.elements("progress"))])

    async def press(self, label: str) -> None:
        """Press a button of the page that was opened, as soon as it is there."""
        await self.until(lambda: self.has_button(label))
        assert self._shown == self._page, f"This page is {self._shown!r}, not {self._page!r}."
        drawn = self._button(label)
        assert drawn is not None
        button = WidgetState(id=drawn.element.button.id, trigger_value=True)
        await self._rerun(button, fragment=drawn.fragment)

    async def enter(self, label: str, number: float) -> float:
        """Type a number into the field of that label; the seconds until the page is drawn with it."""
        began = time.monotonic()
        await self._change(WidgetState(id=self._control("number_input", label).id, double_value=number))
        return time.monotonic() - began

    async def choose(self, kind: str, label: str, option: str) -> None:
        """Choose an option of a control of these words, such as a "button_group", and see it drawn."""
        chosen = StringArray(data=[option])
        await self._change(WidgetState(id=self._control(kind, label).id, string_array_value=chosen))

    async def paste(self, label: str, text: str) -> None:
        """Put a text into the area of that label, in place of what is there, and see the page drawn."""
        await self._change(WidgetState(id=self._control("text_area", label).id, string_value=text))

    async def give(self, file: str, name: str, size: int) -> None:
        """Tell the page's uploader that a file has arrived under this id."""
        (uploader,) = self.elements("file_uploader")
        state = WidgetState(id=uploader.id)
        state.file_uploader_state_value.uploaded_file_info.add(file_id=file, name=name, size=size)
        await self._rerun(state)

    def _control(self, kind: str, label: str) -> Any:
        (control,) = (each for each in self.elements(kind) if each.label == label)
        return control

    async def _change(self, state: WidgetState) -> None:
        """Change a control, and wait until the page is drawn with it."""
        drawn = self._finished
        await self._rerun(state)
        await self.until(lambda: self._finished > drawn)

    # From here on: what a browser does by itself.

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _button(self, label: str) -> _Drawn | None:
        for path in sorted(self._drawn):
            element = self._drawn[path].element
            if element.WhichOneof("type") == "button":
                button = element.button
                if button.label == label and not button.disabled:
                    return self._drawn[path]
        return None

    async def _rerun(self, *states: WidgetState, fragment: str = "") -> None:
        """Ask for the page, or a part of it, drawn with these controls changed."""
        back = BackMsg()
        asked = back.rerun_script
        asked.query_string, asked.page_script_hash = self._query, self._page_hash
        asked.page_name = "" if self._page_hash else self._page
        asked.fragment_id = fragment
        asked.cached_message_hashes.extend(self._cached)
        asked.context_info.timezone, asked.context_info.color_scheme = "UTC", "light"
        asked.widget_states.widgets.extend(states)
        assert self._socket is not None
        with contextlib.suppress(OSError):
            await self._socket.send(back.SerializeToString())

    def _poll(self, fragment: str) -> WidgetState:
        """What the poll of a part says: which charts are there."""
        parts = [each for each in self._drawn.values() if _is_poll(each.element)]
        part = next(each.element for each in parts if each.fragment == fragment)
        charts = [each.element for each in self._drawn.values() if _is_chart(each.element)]
        data = [json.loads(each.bidi_component.json) for each in charts]
        drawn = {each["key"]: each["version"] for each in data}
        return WidgetState(
            id=f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{part.bidi_component.id}__events",
            json_trigger_value=json.dumps([{"event": "poll", "value": drawn}]),
        )

    def _on_poll(self, fragment: str, *, seconds: float, page: int, drawn: int) -> None:
        """A part has come that is to be drawn again so many seconds from now."""
        if page != self._pages.get(fragment):
            self._due.clear()
            self._asked = None
        elif self._asked == fragment:
            self._asked = None
        self._pages[fragment] = page
        if fragment in self._timers:
            self._timers[fragment].cancel()
        self._timers[fragment] = asyncio.create_task(self._later(fragment, seconds))

    async def _later(self, fragment: str, seconds: float) -> None:
        await self._ask()
        await asyncio.sleep(seconds)
        self._due.append(fragment)
        await self._ask()

    async def _ask(self) -> None:
        parts = {each.fragment for each in self._drawn.values() if _is_poll(each.element)}
        self._due = [each for each in self._due if each in parts]
        if self._asked not in parts:
            self._asked = None
        if self._asked is None and self._due:
            self._asked = self._due.pop(0)
            await self._rerun(self._poll(self._asked), fragment=self._asked)

    async def _listen(self) -> None:
        assert self._socket is not None
        async for data in self._socket:
            assert isinstance(data, bytes)
            self.received += len(data)
            message = ForwardMsg.FromString(data)
            self._take(message)
            self._changed.set()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._runs += 1
            self.session = message.new_session.initialize.session_id or self.session
        elif kind == "navigation":
            self._go(message.navigation)
        elif kind == "delta":
            self._draw(message)
        elif kind == "ref_hash":
            element = self._cached.get(message.ref_hash)
            if element is not None:
                self._put(message, element, "")
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "script_finished" and message.script_finished != EARLY:
            fragments = set(message.metadata.run.fragment_ids)
            self._clear(fragments)
            if fragments:
                drawn = (each.element for each in self._drawn.values() if each.run == self._runs)
                self.redraws += any(map(_is_chart, drawn))
            else:
                self._finished += 1

    def _go(self, navigation: Navigation) -> None:
        pages = {each.page_script_hash: each for each in navigation.app_pages}
        page = pages[navigation.page_script_hash]
        self._page_hash = navigation.page_script_hash
        self._shown = "" if page.is_default else page.url_pathname

    def _draw(self, message: ForwardMsg) -> None:
        delta = message.delta
        if delta.WhichOneof("type") == "new_element":
            if message.metadata.cacheable:
                self._cached[message.hash] = delta.new_element
            self._put(message, delta.new_element, delta.fragment_id)
            if _is_poll(delta.new_element):
                self._on_poll(delta.fragment_id, **json.loads(delta.new_element.bidi_component.json))
            if delta.new_element.WhichOneof("type") == "exception":
                self.exceptions.append(delta.new_element.exception.message)
        elif delta.WhichOneof("type") == "add_block":
            self._drawn.pop(tuple(message.metadata.delta_path), None)

    def _put(self, message: ForwardMsg, element: Element, fragment: str) -> None:
        path = tuple(message.metadata.delta_path)
        self._drawn[path] = _Drawn(element, self._runs, fragment or self._fragment_at(path))

    def _fragment_at(self, path: tuple[int, ...]) -> str:
        return self._drawn[path].fragment if path in self._drawn else ""

    def _clear(self, fragments: set[str]) -> None:
        """Take away what the run that has ended did not draw again."""
        self._drawn = {
            path: each
            for path, each in self._drawn.items()
            if each.run == self._runs or (fragments and each.fragment not in fragments)
        }


def _is_poll(element: Element) -> bool:
    return element.bidi_component.component_name == POLL


def _is_chart(element: Element) -> bool:
    return element.bidi_component.component_name in (CHART, OUTPUTS)
