"""Readers: where the text of a log comes from. Each hands on pieces, in order."""
