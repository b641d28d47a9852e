"""One contender in a process of its own: it prepares, waits, and measures when asked.

`python -m tests.bench.contender NAME` reads names of measurements, a line each, and answers each
with a line of JSON. `Contender` is the other end of that conversation.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

from maskdemo.training.compile_cache import cache_environment

ROOT = Path(__file__).resolve().parents[2]


class Contender:
    """A contender's process. `measure` waits its turn; nothing runs in between.

    compiled: a folder for compiled programs, found there by the next one; without it none are kept.
    """

    def __init__(self, name: str, log: Path, *, compiled: Path | None = None) -> None:
        self.name = name
        given = {key: value for key, value in os.environ.items() if key != "TF_XLA_FLAGS"}
        kept = cache_environment(compiled, given) if compiled else {}
        self._sink = log.open("a")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.contender", name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._sink,
            text=True,
            env={"TF_CPP_MIN_LOG_LEVEL": "2", **given, **kept},
        )
        self._answer()

    def measure(self, what: str) -> float:
        """Ask for one measurement and wait for its figure."""
        self.ask(what)
        return self.answer()

    def ask(self, what: str) -> None:
        """Ask for one measurement."""
        assert self._process.stdin
        print(what, file=self._process.stdin, flush=True)

    def answer(self) -> float:
        """Wait for the figure that was asked for."""
        return self._answer()["figure"]

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {"error": "its process ended"}
        if "error" in answer:
            raise RuntimeError(f"{self.name}: {answer['error']}")
        return answer

    def __enter__(self) -> Contender:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()
        self._sink.close()


def _answer_questions(name: str) -> None:
    # Libraries may print; what they print must not end up among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(**answer: object) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    try:
        from tests.bench import ours, peers, study

        measurements = next(getattr(each, name) for each in (peers, ours, study) if hasattr(each, name))
        ready = measurements()
        say(ready=sorted(ready))
        for line in sys.stdin:
            say(figure=ready[line.strip()]())
    except Exception as error:
        traceback.print_exc()
        say(error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    _answer_questions(sys.argv[1])
