"""The article that the project grew from: its examples and its claims, run rather than repeated."""

TITLE = "Is mandatory masking required for LSTMs?"
DATE = "30 January 2025"
