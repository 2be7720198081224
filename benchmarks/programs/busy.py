"""Hogs a core."""

if __name__ == "__main__":
    while True:
        pass
