"""Sends one datagram over and over, waiting where the queue is full: `datagrams PATH TEXT SECONDS`.

Prints `counting` when it begins to count, and then how many a second were taken.
"""

import socket
import sys
import time

WARM_UP_S, BETWEEN_LOOKS = 0.5, 500


def send(sender: socket.socket, text: bytes, seconds: float) -> float:
    """How many a second."""
    count, started_s = 0, time.monotonic()
    while (took_s := time.monotonic() - started_s) < seconds:
        for _ in range(BETWEEN_LOOKS):
            sender.send(text)
        count += BETWEEN_LOOKS
    return count / took_s


def main() -> None:
    """Warm up, then count."""
    path, text, seconds = sys.argv[1:4]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(path)
        send(sender, text.encode(), WARM_UP_S)
        print("counting", flush=True)
        print(send(sender, text.encode(), float(seconds)))


if __name__ == "__main__":
    main()
