"""Images for pods: a stand-in for python:3.13-slim-trixie, ours, a target's, and an S3 server's."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.deploy.pods.engine import Podman
from tests.deploy.trees import debian

ROOT = Path(__file__).parents[3]
NAMES = "localhost/loopcam-test"
_CLONE = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]  # another one on this machine has other sources
LOOPCAM = f"{NAMES}/loopcam:{_CLONE}"
TARGET = f"{NAMES}/target:{_CLONE}"
STORE = f"{NAMES}/store:{_CLONE}"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_PATH = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
_OPTIONS = [
    f"--change=ENV {one}" for one in (_PATH, f"PIP_CERT={AUTHORITIES}", f"SSL_CERT_FILE={AUTHORITIES}")
]
_TARGET = """
FROM {base}
COPY podded.py /app/autoscaler.py
COPY loopcam.py /app/loopcam.py
CMD ["python", "/app/autoscaler.py"]
"""
_STORE = """
FROM {base}
COPY constraints.txt /
RUN pip install --break-system-packages --no-cache-dir -q -c /constraints.txt 'moto[s3]' flask flask-cors
CMD ["python3", "-m", "moto.server", "-H", "0.0.0.0", "-p", "5000"]
"""


def base(podman: Podman) -> str:
    """Debian's Python where the official image has it, and the machine's certificate authorities."""
    tree = debian("python", "python3", "python3-pip", "python3-venv")
    made = f"{tree.stat().st_mtime_ns} {Path(__file__).read_text()}".encode() + AUTHORITIES.read_bytes()
    name = f"{NAMES}/python:{hashlib.sha256(made).hexdigest()[:12]}"
    if not podman.has_image(name):
        for link in ("python", "python3"):
            place = tree / "usr/local/bin" / link
            place.unlink(missing_ok=True)
            place.symlink_to("/usr/bin/python3")
        (tree / str(AUTHORITIES).lstrip("/")).write_bytes(AUTHORITIES.read_bytes())
        argv = [
            "tar",
            "-C",
            str(tree),
            "--numeric-owner",
            "--exclude=./proc/*",
            "--exclude=./sys/*",
            "-c",
            ".",
        ]
        packed = subprocess.run(argv, check=True, capture_output=True).stdout
        podman("import", "--quiet", *_OPTIONS, "-", name, data=packed)
    return name


def loopcam(podman: Podman, base: str) -> str:
    """Ours, from the Dockerfile as it is."""
    podman.build(ROOT, LOOPCAM, {"BASE": base})
    return LOOPCAM


def target(podman: Podman, base: str, folder: Path) -> str:
    """An autoscaler that stalls when it is told to."""
    files = ROOT / "tests/programs/podded.py", ROOT / "deploy/clients/loopcam.py"
    return _made(podman, TARGET, _TARGET.format(base=base), folder, *files)


def store(podman: Podman, base: str, folder: Path) -> str:
    """An S3 server."""
    return _made(podman, STORE, _STORE.format(base=base), folder, ROOT / "constraints.txt")


def _made(podman: Podman, name: str, text: str, folder: Path, *files: Path) -> str:
    (folder / "Containerfile").write_text(text)
    for file in files:
        shutil.copy(file, folder)
    podman.build(folder, name, {})
    return name
