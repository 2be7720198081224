"""Addresses where clouds hand out credentials: nothing of ours is ever sent there unasked."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_METADATA_SERVICES = (
    ip_network("169.254.0.0/16"),  # link-local: AWS, Google, Azure, Oracle, most others
    ip_network("100.100.100.200/32"),  # Alibaba
    ip_network("168.63.129.16/32"),  # Azure's host: certificates and settings of its agent
    ip_network("192.0.0.192/32"),  # Oracle, the classic cloud
    ip_network("fe80::/10"),
    ip_network("fd00:ec2::/32"),  # AWS: metadata, credentials of pods, name servers, time
    ip_network("fd20:ce::254/128"),  # Google
    ip_network("fd00:c1::a9fe:a9fe/128"),  # Oracle
    ip_network("fd00:42::42/128"),  # Scaleway
)
_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")  # of this site's own, cut as it likes (RFC 8215)
_PREFIXES = (48, 56, 64, 96)


def is_link_local(address: str) -> bool:
    """Whether an IP address is one where clouds hand out credentials; a name never is."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    leads_to = (ip, *_embedded(ip)) if isinstance(ip, IPv6Address) else (ip,)
    return any(one in network for one in leads_to for network in _METADATA_SERVICES)


def _embedded(ip: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a kernel, a tunnel or a translator may take it to."""
    if ip.ipv4_mapped:
        yield ip.ipv4_mapped
    if ip.sixtofour:
        yield ip.sixtofour
    if int(ip) < 1 << 32 or ip in _NAT64:  # the former is IPv4-compatible, long out of use
        yield IPv4Address(ip.packed[12:])
    if ip in _LOCAL_NAT64:
        yield from (IPv4Address(_behind(ip.packed, bits // 8)) for bits in _PREFIXES)


def _behind(packed: bytes, begin: int) -> bytes:
    """The four bytes behind a prefix; the ninth byte is no part of them (RFC 6052)."""
    if begin == len(packed) - 4:
        return packed[begin:]
    return (packed[begin:8] + packed[9:])[:4]
