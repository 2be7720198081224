"""Texts with a fixed form: names, addresses and labels."""

from ipaddress import ip_address
from typing import Annotated

from msgspec import Meta

from daemon.config import hints

DNS = "dns:"

Name = Annotated[
    str,
    Meta(
        pattern=r"^(?!.*\.\.)[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$",
        extra={"rule": "a-z, 0-9 and . _ - between them, at most 64 characters, no `..`"},
    ),
]
Address = Annotated[
    str,
    Meta(
        pattern=r"^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$",
        extra={"rule": "HOST:PORT, such as 127.0.0.1:8686 or [::1]:8686"},
    ),
]
TargetAddress = Annotated[
    str,
    Meta(
        pattern=r"^(dns:)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$",
        extra={
            "rule": "HOST:PORT, or dns:NAME:PORT for each address that the name has",
            "hint": hints.address,
        },
    ),
]
LabelName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9._-]{0,62}$",
        extra={"rule": "a letter, then letters, digits and . _ -, at most 63 characters"},
    ),
]
LabelValue = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x1f\x7f]{0,256}$",
        extra={"rule": "one line of at most 256 characters"},
    ),
]


def split_address(address: str) -> tuple[str, int]:
    """Host (without brackets) and port of an Address."""
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine (or pod) reaches the host; a name other than localhost is not trusted."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_unspecified(host: str) -> bool:
    """Whether the host stands for every address of the machine, as 0.0.0.0 does."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False
