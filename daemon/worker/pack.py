"""A child that packs one report: `python -m daemon.worker.pack DIRECTORY`, the archive on standard output."""

import os
import sys
from pathlib import Path

from model.errors import LoopcamError
from model.report import Report
from report import manifests
from sinks import archive
from sinks.paths import files, open_file


def main() -> int:
    """Pack it; 1 when it is damaged, with the reason on standard error."""
    os.nice(10)  # whoever waits for a download has more time than the target
    directory = Path(sys.argv[1])
    try:
        report = Report(directory=directory, manifest=manifests.read(directory))
        for artifact in files(report):  # before the first byte: later, nobody can be told
            open_file(report, artifact).close()
        archive.write(report, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except (LoopcamError, OSError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
