"""Regular expressions that users write: matched in linear time, so that none can stall the daemon."""
