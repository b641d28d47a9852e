"""One sequence in a trained network: its trace, its gradient at every step, and its leak."""
