"""Views of a report: each a pure function of what was found, one file each."""
