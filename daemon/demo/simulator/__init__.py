"""The load simulator: an autoscaler's loop, an API with faults, a daemon, and what is demanded of it."""
