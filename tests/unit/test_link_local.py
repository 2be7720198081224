"""Where clouds hand out credentials, in every spelling."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch.link_local import is_link_local

pytestmark = pytest.mark.threat("redirects")

REFUSED = (
    "169.254.169.254",  # AWS, Google, Azure, Oracle, DigitalOcean, Hetzner, OpenStack
    "169.254.170.2",  # ECS
    "169.254.170.23",  # EKS
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    "::ffff:169.254.169.254",
    "::a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "64:FF9B::169.254.169.254",
    "64:ff9b:1::a9fe:a9fe",
    "64:ff9b:1:a9fe:a9:fe00::",  # RFC 6052 behind /48: two bytes, the ninth left out, two bytes
    "64:ff9b:1:0a9:00fe:a9fe::",  # /56
    "64:ff9b:1:0:00a9:fea9:fe00:0",  # /64
    "2002:a9fe:a9fe::1",
)
ALLOWED = (
    "127.0.0.1",
    "10.0.0.1",
    "169.253.255.255",
    "100.100.100.201",
    "::1",
    "::",
    "fd20:ce::253",
    "fd00:ec3::254",
    "64:ff9b::808:808",
    "2001:db8::1",
    "metadata.google.internal",  # a name: its addresses are looked at when it was looked up
    "",
    "169.254.169.254.example",
)


@pytest.mark.parametrize("address", REFUSED)
def test_where_clouds_hand_out_credentials_is_known(address: str) -> None:
    assert is_link_local(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_other_addresses_and_names_are_not_taken_for_it(address: str) -> None:
    assert not is_link_local(address)


@given(st.ip_addresses(v=4, network="169.254.0.0/16"), st.integers(0, 2**16 - 1))
def test_translated_behind_any_prefix_it_is_known(ip: IPv4Address, subnet: int) -> None:
    assert is_link_local(str(IPv6Address(int(IPv6Network("64:ff9b::/96")[0]) | int(ip))))
    local = int(IPv6Network("64:ff9b:1::/48")[0]) | subnet << 64
    assert is_link_local(str(IPv6Address(local | int(ip))))


@given(st.text())
def test_any_text_is_an_answer(text: str) -> None:
    assert is_link_local(text) in (True, False)
