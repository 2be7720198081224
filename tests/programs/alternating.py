"""Stalls in one function or the other: blocked there until a line on standard input names the next."""

import sys


def first() -> str:
    return sys.stdin.readline().strip()


def second() -> str:
    return sys.stdin.readline().strip()


def main() -> None:
    print("ready", flush=True)
    blocked = {"first": first, "second": second}
    name = "first"
    while name:
        name = blocked[name]()


main()
