"""What one bare `send` costs on a connected datagram socket, in microseconds: `bare_sends PATH BATCHES`."""

import socket
import sys
import time
from statistics import median

PAUSE_S = 0.001


def main() -> None:
    """Four at once, a pause, and so on."""
    costs_us: list[float] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(sys.argv[1])
        for _ in range(int(sys.argv[2])):
            started_s = time.perf_counter()
            sender.send(b"start benchmark")
            sender.send(b"end benchmark")
            sender.send(b"start benchmark")
            sender.send(b"end benchmark")
            costs_us.append((time.perf_counter() - started_s) / 4 * 1e6)
            while time.perf_counter() - started_s < PAUSE_S:
                pass
    print(median(costs_us))


if __name__ == "__main__":
    main()
