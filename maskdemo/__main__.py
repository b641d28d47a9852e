"""`python -m maskdemo`: see `maskdemo.cli`."""

import sys

from maskdemo.cli import main

sys.exit(main())
