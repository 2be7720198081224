"""How much time, memory and how many connections a stranger may take."""

import msgspec


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a listener allows. Deadlines are met within a fifth of `header_s`."""

    header_s: float = 5.0  # from connecting, or from a request's first byte, to its last header
    header_bytes: int = 16 * 1024  # headers that come in pieces
    line_bytes: int = 4096  # the request line, or one header
    headers: int = 64
    body_s: float = 5.0
    body_bytes: int = 4096
    idle_s: float = 30.0  # between requests; also without the peer taking a byte of an answer
    connections: int = 64
    connections_per_peer: int = 16
    shutdown_s: float = 2.0  # for answers under way when the listener stops

    @property
    def sweep_s(self) -> float:
        """How often connections are looked at."""
        return self.header_s / 5
