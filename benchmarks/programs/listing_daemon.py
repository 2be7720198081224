"""The daemon, which at its end lists the modules it loaded: `listing_daemon FILE run --config ...`."""

import sys
from pathlib import Path

from daemon.__main__ import main

if __name__ == "__main__":
    code = main(sys.argv[2:])
    Path(sys.argv[1]).write_text("\n".join(sorted(sys.modules)))
    sys.exit(code)
