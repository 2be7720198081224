"""Finding a plugin by its name: ours in a literal table, those of other distributions by entry point."""
