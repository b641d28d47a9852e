"""How a network is trained, scored and looked into: from the LSTM step to the run."""
