"""`python -m maskdemo`: see `maskdemo.cli`."""

import os
import sys

from maskdemo.cli import main
from maskdemo.compiled import cache_environment
from maskdemo.study.store import location

# Before TensorFlow is imported, which the commands do when they begin to train.
os.environ.update(cache_environment(location() / "compiled"))
sys.exit(main())
