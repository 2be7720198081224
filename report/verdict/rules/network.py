"""Waiting for the answer to a request."""

from typing import Final

from model.signals import Name
from model.verdict import Cause, Fact, FactKind
from report.verdict.culprit import EVENT_LOOPS
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.kernel import Wait
from report.verdict.patterns import NOT_WORKING, Pattern
from report.verdict.rules.activities import Activity, found

_C: Final = Cause.NETWORK_WAIT
_NET: Final = (Wait.SOCKET, Wait.POLL)
_HTTP: Final = (
    r"/(?:urllib3|requests|http/client|urllib/request|httpx|httpcore|httplib2|botocore|aiohttp)(?:/|\.py)"
)
_DATABASES: Final = (
    r"/(?:psycopg2?|pymysql|MySQLdb|mysql|asyncpg|redis|pymongo|sqlalchemy|kazoo|etcd3?|ldap3?"
    r"|paramiko|pika|kafka)/"
)
_SOCKETS: Final = r"/(?:socket|ssl|ftplib|smtplib|imaplib|poplib|socketserver)\.py"

PATTERNS: Final = (
    Pattern(
        _C,
        "connecting",
        r"connect|create_connection|_?new_conn",
        r"/socket\.py|urllib3|http/client",
        NOT_WORKING,
        _NET,
    ),
    Pattern(_C, "connecting", call=r".*\.connect|.*create_connection", doing=NOT_WORKING, waits=_NET),
    Pattern(_C, "waiting for a reply to an HTTP request", r".+", _HTTP, NOT_WORKING, _NET),
    Pattern(_C, "waiting for a reply of gRPC", r".+", r"/grpc/", NOT_WORKING, (*_NET, Wait.LOCK)),
    Pattern(_C, "waiting for a database", r".+", _DATABASES, NOT_WORKING, (*_NET, Wait.LOCK)),
    Pattern(
        _C,
        "waiting for data from a socket",
        r"read\w*|recv\w*|accept|send\w*|select|poll",
        _SOCKETS,
        NOT_WORKING,
        _NET,
    ),
    Pattern(
        _C,
        "waiting for data from a socket",
        r".+",
        r"",
        NOT_WORKING,
        (Wait.SOCKET,),
        reach=1,
        certain_wait=True,
        weak=True,
    ),
    Pattern(
        _C,
        "waiting for a descriptor to be ready",
        r".+",
        r"",
        NOT_WORKING,
        (Wait.POLL,),
        reach=1,
        certain_wait=True,
        weak=True,
    ),
)

_ACTIVITY: Final = Activity(
    _C,
    remedy=(
        "Look at the peer's latency and errors at that time and at the network between; give the request a "
        "timeout well below the iteration's limit."
    ),
)
_SIGNALS: Final = (
    (Name.TCP_CONNECTING, "Connections that nobody has answered yet: up to {:g}."),
    (Name.TCP_RETRANSMITTED, "Segments sent again: up to {:g} a second."),
    (Name.TCP_UNACKNOWLEDGED, "Sockets with data that was not acknowledged: up to {:g}."),
)


def _look(features: Features) -> Finding | None:
    facts = [
        Fact(kind=FactKind.SIGNAL, text=text.format(most), value=most, signal=name)
        for name, text in _SIGNALS
        if (most := features.most(name))
    ]
    asleep = features.share(claim.piece for claim in features.claims.of(_C) if claim.piece.wait in _NET)
    idle = any(
        EVENT_LOOPS.search(frame.file)
        for claim in features.claims.of(_C)
        for frame in claim.piece.frames[-3:]
    )
    doubt = "an event loop waits, and no stack shows for what" if idle else ""
    return found(features, _ACTIVITY, certain=asleep > _TOLD, facts=facts, doubt=doubt)


_TOLD: Final = 0.3  # of the time, as the kernel says

RULES: Final = {
    "network_wait": Rule(
        _C,
        "Most of the stalled time waiting in the kernel for a socket (recv, poll, connect), or inside an "
        "HTTP, "
        "gRPC or database client while not on a CPU. Connecting or retransmitting sockets are named.",
        _look,
    )
}
