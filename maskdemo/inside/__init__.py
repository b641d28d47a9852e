"""One sequence from the inside: its trace, where the gradient goes, and what leaks."""
