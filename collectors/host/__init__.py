"""Host signals: what /proc and control groups say of a process and its machine, over time."""
