"""`python -m maskdemo`, and the command `maskdemo` of the installed package: see `maskdemo.cli`."""

import os
import sys

from maskdemo.cli import main
from maskdemo.results.trainings import store_folder
from maskdemo.training.compile_cache import cache_environment


def run() -> int:
    """Run the command of `sys.argv`, XLA's programs kept in `store_folder()`; return the exit code."""
    # Before TensorFlow is imported, which the commands do when they begin to train.
    os.environ.update(cache_environment(store_folder() / "compiled"))
    return main()


if __name__ == "__main__":
    sys.exit(run())
