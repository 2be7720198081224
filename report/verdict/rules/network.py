"""Waiting for the answer to a request."""

from typing import Final

from model.signals import Name
from model.verdict import Cause, Fact, FactKind
from report.verdict import words
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.kernel import Wait
from report.verdict.patterns import NOT_WORKING, Pattern
from report.verdict.rules.activities import Activity, found

_C: Final = Cause.NETWORK_WAIT
_NET: Final = (Wait.SOCKET, Wait.POLL)

PATTERNS: Final = (
    Pattern(
        _C,
        "waiting for a reply to an HTTP request",
        r".+",
        r"/(?:urllib3|requests|http/client|urllib/request|httpx|httpcore|httplib2|botocore)(?:/|\.py)",
        NOT_WORKING,
        _NET,
        through=False,
    ),
    Pattern(_C, "waiting for a reply of gRPC", r".+", r"/grpc/", NOT_WORKING, (*_NET, Wait.LOCK)),
    Pattern(
        _C,
        "waiting for a database",
        r".+",
        (
            r"/(?:psycopg2?|pymysql|MySQLdb|mysql|asyncpg|redis|pymongo|sqlalchemy|kazoo|etcd3?|ldap3?"
            r"|paramiko|pika|kafka)/"
        ),
        NOT_WORKING,
        (*_NET, Wait.LOCK),
    ),
    Pattern(
        _C,
        "connecting",
        r"connect|create_connection|_?new_conn",
        r"/socket\.py|urllib3|http/client",
        NOT_WORKING,
        _NET,
    ),
    Pattern(
        _C,
        "waiting for data from a socket",
        r"read|readinto|recv\w*|_?recv_?bytes|accept|readline|send\w*",
        r"/(?:socket|ssl|selectors|telnetlib|ftplib|smtplib|imaplib|poplib)\.py",
        NOT_WORKING,
        _NET,
    ),
    Pattern(_C, "waiting for data from a socket", r".+", r"", NOT_WORKING, (Wait.SOCKET,), reach=1),
    Pattern(
        _C,
        "waiting for a descriptor to be ready",
        r".+",
        r"",
        frozenset((*NOT_WORKING,)),
        (Wait.POLL,),
        reach=1,
        certain_wait=True,
    ),
)

_ACTIVITY: Final = Activity(
    _C,
    remedy=(
        "Look at the peer's latency and errors at that time and at the network between; give the request a "
        "timeout well below the iteration's limit."
    ),
)


def _look(features: Features) -> Finding | None:
    facts = []
    for name, what in (
        (Name.TCP_CONNECTING, "connections that nobody answered yet"),
        (Name.TCP_RETRANSMITTED, "retransmitted segments a second"),
        (Name.TCP_UNACKNOWLEDGED, "sockets with data that was not acknowledged"),
    ):
        if (most := features.most(name)) is not None and most > 0:
            text = f"{words.capital(what)}: up to {most:g}."
            facts.append(Fact(kind=FactKind.SIGNAL, text=text, value=most, signal=name))
    told = features.share(claim.piece for claim in features.claims.of(_C) if claim.piece.wait in _NET)
    return found(features, _ACTIVITY, certain=told > 0.3, facts=facts)


RULES: Final = {
    "network_wait": Rule(
        _C,
        "Most of the stalled time waiting in the kernel for a socket (recv, poll, connect), or inside an "
        "HTTP, "
        "gRPC or database client while not on a CPU. Connecting or retransmitting sockets are named.",
        _look,
    )
}
