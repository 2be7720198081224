"""From an accepted report to every sink: drawing it, storing it, trying again."""
