"""Sequences: drawn or recorded, padded to one length, cached by the settings that decide them."""
