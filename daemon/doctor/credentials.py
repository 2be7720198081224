"""Whether sinks have credentials, and where they would come from; nothing is asked for over a network.

The order is that of boto3's and Google's own chains. No value is ever shown.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from daemon.config.parts import Part
from daemon.doctor.findings import Finding, Level, Remedy
from sinks.contract import Sink

_WHY = "without them the sink refuses, and reports wait in the spool"
_ROLE = Remedy(
    kubernetes="# of the pod: IRSA or Pod Identity by a ServiceAccount whose role may s3:PutObject\n"
    "serviceAccountName: NAME",
    systemd="[Service]\nEnvironmentFile=/etc/loopcam/aws.env  # with AWS_ACCESS_KEY_ID=... and its secret",
    docker="--env AWS_ACCESS_KEY_ID --env AWS_SECRET_ACCESS_KEY",
    command="set access_key_id and secret_access_key of the sink to file:PATH, or AWS_... in the environment",
)
_READABLE = Remedy(command="mount it, and let the user of loopcam read it")


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where credentials would come from, and what is wrong with it."""

    name: str
    fault: str = ""
    remedy: Remedy = Remedy()
    sure: bool = True  # False: only the network would tell


def judged(part: Part[Sink], environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Of one sink: the chain of its library. Secrets that are files were read with the configuration."""
    if (chain := CHAINS.get(part.kind)) is None:
        return
    source = chain(part.options, environ)
    level, what, why = Level.OK, f"from {source.name}", ""
    if source.fault:
        level, what, why = Level.WARNING, f"{source.name}: {source.fault}", _WHY
    elif not source.sure:
        level, why = Level.NOTE, "whether it gives any is known when a report is stored: --probe-sinks tries"
    subject, mend = f"sink {part.name}", Remedy() if level is Level.OK else source.remedy
    yield Finding(check="credentials", level=level, what=what, why=why, remedy=mend, subject=subject)


def _aws(options: Sink, environ: Mapping[str, str]) -> Source:
    """As boto3 looks: options, environment, web identity, shared files, container, machine."""
    if getattr(options, "access_key_id", None) is not None:
        return Source(name="access_key_id of the sink")
    profile = getattr(options, "profile", None) or environ.get("AWS_PROFILE", "")
    if not profile and environ.get("AWS_ACCESS_KEY_ID"):
        if environ.get("AWS_SECRET_ACCESS_KEY"):
            return Source(name="AWS_ACCESS_KEY_ID of the environment")
        return Source(name="AWS_ACCESS_KEY_ID", fault="AWS_SECRET_ACCESS_KEY is not set", remedy=_ROLE)
    if not profile and (token := environ.get("AWS_WEB_IDENTITY_TOKEN_FILE")):
        if not environ.get("AWS_ROLE_ARN"):
            return Source(name="AWS_WEB_IDENTITY_TOKEN_FILE", fault="AWS_ROLE_ARN is not set", remedy=_ROLE)
        return _file("AWS_WEB_IDENTITY_TOKEN_FILE (IRSA)", Path(token))
    home = Path(environ.get("HOME", "/"))
    for name, usual in (("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ("AWS_CONFIG_FILE", "config")):
        file = Path(environ.get(name) or home / ".aws" / usual)
        if name in environ or _exists(file):
            said = _file(f"{file}" + (f", profile {profile}" if profile else ""), file)
            if said.fault or usual == "credentials" or profile:
                return said
    if profile:
        return Source(name=f"profile {profile}", fault="there is no file of profiles", remedy=_ROLE)
    return _aws_by_address(environ)


def _aws_by_address(environ: Mapping[str, str]) -> Source:
    full, relative = (environ.get(f"AWS_CONTAINER_CREDENTIALS_{one}_URI") for one in ("FULL", "RELATIVE"))
    if token := environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "") if full else "":
        return _file("AWS_CONTAINER_CREDENTIALS_FULL_URI (Pod Identity)", Path(token))
    if full or relative:
        return Source(name="AWS_CONTAINER_CREDENTIALS_..._URI", sure=False)
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return Source(name="nowhere", fault="no credentials are configured", remedy=_ROLE)
    return Source(name="the machine's metadata, as nothing else is configured", sure=False, remedy=_ROLE)


def _google(options: Sink, environ: Mapping[str, str]) -> Source:
    """As Google's library looks: option, environment, gcloud's file, the metadata server."""
    if (
        str(getattr(options, "endpoint", None) or "").startswith("http://")
        or "STORAGE_EMULATOR_HOST" in environ
    ):
        return Source(name="none: an emulator gets none")
    if (file := getattr(options, "credentials_file", None)) is not None:
        return _file("credentials_file of the sink", file)
    if named := environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
        return _file("GOOGLE_APPLICATION_CREDENTIALS", Path(named))
    usual = Path(environ.get("HOME", "/"), ".config/gcloud/application_default_credentials.json")
    if _exists(usual):
        return _file(str(usual), usual)
    return Source(name="the metadata server (Workload Identity), as nothing else is configured", sure=False)


def _file(name: str, file: Path) -> Source:
    try:
        with file.open("rb") as opened:
            empty = not opened.read(1)
    except OSError as error:
        return Source(name=name, fault=f"{file}: {error.strerror}", remedy=_READABLE)
    return Source(name=name, fault=f"{file} is empty" if empty else "", remedy=_READABLE)


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:  # a home that we may not enter
        return False


CHAINS: dict[str, Callable[[Sink, Mapping[str, str]], Source]] = {"s3": _aws, "gcs": _google}
