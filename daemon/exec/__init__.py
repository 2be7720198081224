"""`loopcam exec`: a command, watched from its start to its end, and judged if that is asked for."""
