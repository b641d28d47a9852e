"""The budgets, measured: `make bench`, or `python -m tests.bench`.

Everything that is timed runs in a process of its own and waits there for its turn, so that imports
and thread pools do not mix, and peers are measured in turns with us, under the same conditions.
"""
