"""Child processes: what they say arrives, and none outlives whoever listens."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from maskdemo.child import ROOT, ChildFailed, stream

Module = Callable[[str], str]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    """Write a module that a child can run; returns its name."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(program: str) -> str:
        text = "import os, sys, time\nfrom maskdemo.child import request, say\n"
        (tmp_path / "tiny.py").write_text(text + textwrap.dedent(program))
        return "tiny"

    return write


def said(messages) -> list[dict]:
    return [each for each in messages if "printed" not in each]


def printed(messages) -> str:
    return "".join(each.get("printed", "") for each in messages)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie of somebody else's is dead as well.
    with suppress(OSError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


def gone(pid: int) -> bool:
    until = time.monotonic() + 10
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


def test_messages_and_prints_arrive_apart_and_in_order(module: Module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = module(
        """
        print("before", flush=True)
        asked = request()
        for number in range(asked["count"]):
            print('{"printed": "no message"}', "\u00e9", number)
            say({"number": number, "text": "line\\nline \u00fc"})
        os.write(2, b"\\xff on stderr")
        say({"long": "x" * 300_000})
        """
    )
    messages = list(stream(name, {"count": 3}))
    assert said(messages) == [
        *({"number": number, "text": "line\nline \u00fc"} for number in range(3)),
        {"long": "x" * 300_000},
    ]
    lines = [f'{{"printed": "no message"}} \u00e9 {number}\n' for number in range(3)]
    assert printed(messages) == "".join(["before\n", *lines, "\ufffd on stderr"])
    for number in range(3):
        at = messages.index({"number": number, "text": "line\nline \u00fc"})
        assert lines[number] in printed(messages[:at])


def test_a_child_works_for_a_thread_and_is_a_clean_process(module: Module):
    name = module(
        """
        request()
        import maskdemo.experiment
        say({"argv": sys.argv[1:], "root": os.getcwd(), "tf": "tensorflow" in sys.modules})
        """
    )
    found: list[dict] = []
    thread = threading.Thread(target=lambda: found.extend(said(stream(name, {}))))
    thread.start()
    thread.join(30)
    assert found == [{"argv": [], "root": str(ROOT), "tf": False}]


def test_closing_kills_the_child_and_its_children(module: Module):
    name = module(
        """
        import subprocess
        request()
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        say({"pids": [os.getpid(), child.pid]})
        time.sleep(60)
        """
    )
    messages = stream(name, {})
    pids = next(each for each in messages if "pids" in each)["pids"]
    assert all(map(alive, pids))
    assert next(messages) == {"printed": ""}  # silence, too, lets a listener stop
    messages.close()
    assert all(map(gone, pids))


def test_a_child_ends_with_its_parent(module: Module):
    name = module(
        """
        request()
        say({"pid": os.getpid()})
        time.sleep(60)
        """
    )
    parent = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os; from maskdemo.child import stream\n"
            f"for each in stream({name!r}, {{}}):\n"
            "    if 'pid' in each: print(each['pid'], flush=True); os._exit(0)",
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=30,
    )
    assert gone(int(parent.stdout))


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("request(); say({}); raise KeyError('lost')", "exit code 1.*KeyError: 'lost'"),
        ("os._exit(3)", "exit code 3.*nothing"),
        ("request(); os.kill(os.getpid(), 9)", "ended from outside .SIGKILL"),
        ("request(); os.write(int(os.environ['MASKDEMO_CHANNEL']), b'42\\n')", "no message"),
        ("request(); os.write(int(os.environ['MASKDEMO_CHANNEL']), b'{\"a\"')", "no message"),
        ("request(); print('busy'); time.sleep(60)", "nothing for 0.2 seconds"),
        ("request()\nwhile True: print('busy'); time.sleep(0.01)", "nothing for 0.2 seconds"),
    ],
)
def test_a_child_that_fails_says_so(module: Module, program: str, sentence: str):
    with pytest.raises(ChildFailed, match=sentence):
        list(stream(module(program), {}, patience=0.2 if "busy" in program else 60))


def test_a_module_that_is_not_there():
    with pytest.raises(ChildFailed, match="No module named nothing_of_this_name"):
        list(stream("nothing_of_this_name", {}))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="Nothing here counts descriptors.")
def test_no_file_descriptor_is_left(module: Module):
    name = module("request(); say({'done': True})")
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert said(stream(name, {})) == [{"done": True}]
    assert len(list(Path("/proc/self/fd").iterdir())) == before
