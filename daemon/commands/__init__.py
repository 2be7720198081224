"""The command line's commands, one file each: `add` says what it takes, `run` does it."""
