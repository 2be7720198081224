"""Every parser of bytes that somebody else wrote, given any bytes at all: `make fuzz`."""
