"""Training: the LSTM step, its compiled programs, and the run of all strategies and repeats."""
