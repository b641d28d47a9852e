"""What a person takes away from an experiment: plain Keras, a notebook, a report, a table."""
