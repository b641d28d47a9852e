"""maskdemo: see what padding and masks do inside an LSTM, on real training runs."""
