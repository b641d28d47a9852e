"""In a process of its own: several of the article's programs, one after the other."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from maskdemo.article.examples import PROGRAMS
from maskdemo.article.running import perform

if __name__ == "__main__":
    path, *names = sys.argv[1:]
    said: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for name in names:
        perform(name, PROGRAMS[name].text, said[name].append)
    Path(path).write_text(json.dumps(said))
