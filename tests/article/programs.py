"""In a child process: several of the article's programs, one after the other, to load Keras once."""

from __future__ import annotations

from maskdemo.article.examples import EXAMPLES
from maskdemo.article.running import perform
from maskdemo.child import request, say

TEXTS = {each.name: each.text for example in EXAMPLES for each in example.programs}

if __name__ == "__main__":
    for name in request()["names"]:
        say({"program": name})
        perform(name, TEXTS[name])
