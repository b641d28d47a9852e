"""One sequence in a trained network: its activations, its gradient at every step, and its leak."""
