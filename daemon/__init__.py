"""The daemon watches, decides and wires. It never draws, merges or uploads: its children do."""

__version__ = "0.1.0"
