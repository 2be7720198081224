"""Addresses where clouds hand out credentials: nothing of ours is ever sent there unasked."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_METADATA_SERVICES = (
    ip_network("169.254.0.0/16"),
    ip_network("fe80::/10"),
    ip_network("fd00:ec2::254/128"),
)


def is_link_local(address: str) -> bool:
    """Whether an IP address is one where clouds hand out credentials; a name never is."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return any((mapped or ip) in network for network in _METADATA_SERVICES)
