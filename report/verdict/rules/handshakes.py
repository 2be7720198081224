"""Before a request can be sent: names are looked up, keys are made and checked."""

from typing import Final

from model.verdict import Cause
from report.verdict.features import Features
from report.verdict.finding import Rule
from report.verdict.kernel import Wait
from report.verdict.patterns import NOT_WORKING, Pattern
from report.verdict.rules.activities import Activity, found

_D: Final = Cause.DNS
_T: Final = Cause.TLS
_NET: Final = (Wait.SOCKET, Wait.POLL, Wait.SLEEP, Wait.LOCK)

PATTERNS: Final = (
    Pattern(
        _D,
        "looking up a name",
        r"getaddrinfo|gethostby\w+|getfqdn|getnameinfo",
        r"/socket\.py",
        NOT_WORKING,
        _NET,
    ),
    Pattern(
        _D,
        "looking up a name",
        call=r"(?:.*\.)?(?:getaddrinfo|gethostby\w+|getfqdn|getnameinfo)",
        doing=NOT_WORKING,
    ),
    Pattern(
        _D,
        "looking up a name",
        r".+",
        r"/(?:dns/(?:resolver|query|asyncresolver)|aiodns|dnspython)",
        NOT_WORKING,
        _NET,
    ),
    Pattern(
        _T,
        "the TLS handshake",
        r"do_handshake|_?ssl_wrap_socket\w*|wrap_socket|_create",
        r"/ssl\.py|/ssl_\.py|/OpenSSL/",
    ),
    Pattern(
        _T,
        "loading certificates",
        r"load_(?:verify_locations|default_certs|cert_chain)|create_(?:default|urllib3)_context",
        r"/ssl\.py|/ssl_\.py|/OpenSSL/",
    ),
    Pattern(
        _T,
        "making a key or a certificate",
        r"generate\w*|sign\w*|verify\w*",
        r"/(?:cryptography|Crypto|Cryptodome|rsa|ecdsa|nacl)/",
        reach=20,
    ),
    Pattern(
        _T,
        "the TLS handshake, or keys and certificates",
        call=(
            r"(?:.*\.)?(?:do_handshake|load_verify_locations|load_default_certs|load_cert_chain"
            r"|create_default_context|generate_private_key|wrap_socket|SSLContext|get_server_certificate)"
        ),
    ),
)

_DNS: Final = Activity(
    _D,
    remedy=(
        "Look at the resolver: /etc/resolv.conf, its servers' latency, search domains and ndots; a name "
        "that does not "
        "exist is tried once for each search domain. Cache answers."
    ),
)
_TLS: Final = Activity(
    _T,
    remedy=(
        "Keep connections and SSL contexts instead of making them anew; look at the peer's handshake "
        "latency, or at the "
        "size of the keys made."
    ),
)

RULES: Final[dict[str, Rule[Features]]] = {
    "dns": Rule(
        _D,
        "Most of the stalled time in getaddrinfo, gethostbyname or a resolver library, while not on a CPU.",
        lambda features: found(features, _DNS, certain=True),
    ),
    "tls": Rule(
        _T,
        "Most of the stalled time in a TLS handshake, in loading certificates or in generating keys "
        "(frames of ssl, "
        "OpenSSL, cryptography, or a line that calls them), waiting or on a CPU.",
        lambda features: found(features, _TLS, certain=True),
    ),
}
