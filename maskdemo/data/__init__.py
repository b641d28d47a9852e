"""Sequences: drawn or recorded, padded to one length, and laid out as strategies see them."""
