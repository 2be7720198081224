"""Makes /opt/loopcam, the user and the folders of the image out of the wheels in /parts; needs no network."""

import compileall
import os
import shutil
import struct
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

HOME = Path("/opt/loopcam")
USER = "10001"
FOLDERS = ("/etc/loopcam", "/var/lib/loopcam", "/run/loopcam")
# Of botocore's data on hundreds of services: what the sink s3 asks, and how its credentials are had.
SERVICES = ("s3", "sts", "sso", "sso-oidc", "signin")
SYS_PTRACE = 1 << 19
EFFECTIVE = 0x02000001  # version 2 of `struct vfs_cap_data`, and that the capability is in force at once
LICENCE_FILES = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*")
WITHOUT_TEXT = {"austin-dist": "/usr/share/common-licenses/GPL-3"}


def main() -> None:
    """All of it, in the one layer where what is not needed leaves no trace."""
    venv.create(HOME, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(HOME / "bin" / "python3")]
    wheels = sorted(map(str, Path("/parts").glob("*.whl")))
    quiet = ["--quiet", "--no-cache-dir", "--disable-pip-version-check", "--root-user-action=ignore"]
    subprocess.run([*pip, "install", *quiet, "--no-index", "--no-deps", "--no-compile", *wheels], check=True)
    packages = next(HOME.glob("lib/python3.*/site-packages"))
    keep_licences(packages)
    prune(packages)
    compileall.compile_dir(packages, quiet=1, stripdir=None)
    with_capability(HOME / "bin" / "py-spy", HOME / "fileCap" / "py-spy")
    subprocess.run(["groupadd", "--gid", USER, "loopcam"], check=True)
    nobody = [
        "--no-log-init",
        "--no-create-home",
        "--home-dir",
        "/var/lib/loopcam",
        "--shell",
        "/usr/sbin/nologin",
    ]
    subprocess.run(["useradd", "--uid", USER, "--gid", USER, *nobody, "loopcam"], check=True)
    for name in FOLDERS:
        folder = Path(name)
        folder.mkdir()
        os.chown(folder, int(USER), 0)
        folder.chmod(0o770)  # any user of group 0 may write, as OpenShift runs it


def keep_licences(packages: Path) -> None:
    """Every package's licence in a folder of its own; a package without one ends the build."""
    for package in distributions(path=[str(packages)]):
        name = package.metadata["Name"].lower()
        folder = HOME / "licenses" / name
        folder.mkdir(parents=True)
        texts = list(licences(package, packages))
        if not texts and name in WITHOUT_TEXT:
            texts = [Path(WITHOUT_TEXT[name])]
        if not texts:
            sys.exit(f"{name} brings no licence text: name one in WITHOUT_TEXT")
        for text in texts:
            shutil.copyfile(text, folder / text.name)


def licences(package: Distribution, packages: Path) -> Iterator[Path]:
    """The texts beside its metadata, and in our own case those of the page's parts."""
    for file in package.files or ():
        if any(file.match(pattern) for pattern in LICENCE_FILES):
            yield packages / file


def prune(packages: Path) -> None:
    """Leave out what is never run: other services' data, tests, sources of compiled parts."""
    data = packages / "botocore" / "data"
    for service in data.iterdir():
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)
    for pattern in ("**/tests", "**/*.pyx", "**/*.pxd", "**/*.c", "**/*.h", "**/examples-1.json"):
        for found in list(packages.glob(pattern)):
            shutil.rmtree(found) if found.is_dir() else found.unlink()


def with_capability(program: Path, copy: Path) -> None:
    """A second copy that brings CAP_SYS_PTRACE: what `setcap cap_sys_ptrace=ep` would write."""
    copy.parent.mkdir()
    shutil.copy(program, copy)
    os.setxattr(copy, "security.capability", struct.pack("<5I", EFFECTIVE, SYS_PTRACE, 0, 0, 0))


main()
