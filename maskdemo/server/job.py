"""One piece of work in the queue, and what viewers may know about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from maskdemo.server.requests import Request

T = TypeVar("T")
#: Workers that a job may lose before it is given up.
MOST_DEATHS = 2
#: What a viewer is told of a job whose worker has died: until something new has come of it, and then.
BEGINS_AGAIN, HAS_BEGUN_AGAIN = "It begins again by itself.", "It has begun again by itself."
Phase = Literal["idle", "queued", "running", "finished", "cancelled", "failed"]


class QueueFull(Exception):  # noqa: N818 - an answer to the viewer, not a fault
    """No place is left in the queue; the message is meant for the viewer."""


@dataclass(frozen=True)
class Status(Generic[T]):
    """What viewers may know about what they asked for, at one moment.

    position: 1 is next; only while queued. seconds: about how long until it begins (queued) or ends
    (running), None before anything is known. error: one sentence, when failed. notice: one sentence
    on something that happened and mended itself. viewers: how many watch it, while it runs.
    """

    phase: Phase = "idle"
    position: int | None = None
    seconds: float | None = None
    newest: T | None = None
    error: str | None = None
    notice: str | None = None
    viewers: int = 1

    @property
    def going(self) -> bool:
        """Whether it waits or runs."""
        return self.phase in ("queued", "running")


@dataclass(eq=False)
class Job:
    """One request and all who wait for it. done: the share (0 to 1) of the work that is behind it."""

    request: Request
    phase: Phase = "queued"
    newest: Any = None
    done: float = 0.0
    error: str | None = None
    notice: str | None = None
    deaths: int = 0
    began: float | None = None
    ran: float = 0.0  # seconds in earlier turns

    @property
    def going(self) -> bool:
        """Whether it waits or runs."""
        return self.phase in ("queued", "running")


    def show(self, newest: Any, done: float) -> None:
        """All who wait for it see this from now on."""
        if self.notice and newest is not self.newest:
            self.notice = self.notice.replace(BEGINS_AGAIN, HAS_BEGUN_AGAIN)
        self.newest, self.done = newest, done

    def wait_again(self, why: str | None = None) -> None:
        """It waits to begin again. why: a sentence, where its viewers are to be told."""
        self.phase = "queued"
        if why is not None:
            self.notice = f"{why} {BEGINS_AGAIN}"

    def lose_worker(self, why: str) -> None:
        """It waits to begin again, or is given up after `MOST_DEATHS`; why: how its worker died."""
        self.deaths += 1
        if self.deaths < MOST_DEATHS:
            self.wait_again(why)
        else:
            self.fail(f"{why} It happened {self.deaths} times, so this was given up.")

    def fail(self, error: str) -> None:
        """It does not go on. error: a sentence."""
        self.phase, self.error, self.notice = "failed", error, None
