"""Draws a report as the renderer does; prints CPU seconds, with children, and its own peak of memory."""

import resource
import sys

from daemon.worker.protocol import Job
from daemon.worker.render import renderer

_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def main() -> None:
    """Draw the report in the folder that the command line names."""
    work = renderer()
    before_s = _cpu_s()
    if error := work(Job(directory=sys.argv[1])).error:
        sys.exit(error)
    print(_cpu_s() - before_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)


def _cpu_s() -> float:
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, _WHO))


if __name__ == "__main__":
    main()
