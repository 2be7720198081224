"""Writes a log at a steady pace: `writing FILE LINES_PER_S`. One iteration starts and ends each second."""

import sys
import time
from pathlib import Path

PARTS = 20  # of a second
LINE = "I1121 12:00:00.{:06d}       1 static_autoscaler.go:187] {}\n"
OTHER, START, END = (
    "node pool-a-7f9c is fit for scale down, utilization 0.31",
    "Starting main loop",
    "Main loop done",
)


def main() -> None:
    """For ever."""
    per_part = int(sys.argv[2]) // PARTS
    others = "".join(LINE.format(number, OTHER) for number in range(per_part - 1))
    marks = {0: START, PARTS // 2: END}
    print("writing", flush=True)
    began_s, written = time.monotonic(), 0
    with Path(sys.argv[1]).open("a") as file:
        while True:
            file.write(LINE.format(0, marks.get(written % PARTS, OTHER)) + others)
            file.flush()
            written += 1
            time.sleep(max(0.0, began_s + written / PARTS - time.monotonic()))


if __name__ == "__main__":
    main()
