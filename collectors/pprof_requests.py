"""What net/http/pprof is asked for, and what its answers become."""

from collections.abc import Mapping

import msgspec

from collectors.fetching import Wanted
from fetch.access import Endpoint
from fetch.client import Request

BYTES = "application/octet-stream"
DUMPS_ROOM = 0.5  # of all bytes, for goroutine dumps: what is left is for the other profiles
LISTING_S = 1.0  # for the list of profiles, of which nothing depends
ANSWERING_S = 10.0  # beyond the seconds that a profile takes
ENDING_S = 2.0  # that a profile which was begun may need beyond its seconds once the iteration has ended


class Requests:
    """Makes the requests for one collector. `room_bytes` bounds each answer."""

    def __init__(self, endpoint: Endpoint, path: str, port: int | None, name: str, room_bytes: int) -> None:
        self._origin = endpoint.at(port or endpoint.port)
        self._path = path.rstrip("/")
        self._port = port
        self._name = name
        self.dumps_room_bytes = int(DUMPS_ROOM * room_bytes)
        self._room_bytes = room_bytes

    def dump(self, number: int) -> Wanted:
        """Every goroutine with its stack, state and how long it has waited, as text."""
        query = {"debug": "2"}
        return self._wanted(
            "goroutine_dump",
            "goroutine",
            f"goroutines-{number:03d}.txt",
            query,
            media_type="text/plain",
            room_bytes=self.dumps_room_bytes,
            cut=True,
        )

    def goroutines(self) -> Wanted:
        """Every goroutine, equal stacks counted together."""
        return self._wanted("goroutines", "goroutine", "goroutines.pb.gz", {}, kind="pprof_goroutines")

    def cpu(self, number: int, seconds: int) -> Wanted:
        """CPU time over whole seconds: a fraction would be taken for 30 of them."""
        query = {"seconds": str(seconds)}
        return self._wanted(
            "cpu", "profile", f"cpu-{number:03d}.pb.gz", query, seconds=seconds, kind="pprof_cpu"
        )

    def memory(self, what: str) -> Wanted:
        """Memory in use (`heap`), or allocated since the start (`allocs`)."""
        return self._wanted(what, what, f"{what}.pb.gz", {}, kind=f"pprof_{what}")

    def contention(self, what: str, seconds: int = 0) -> Wanted:
        """Waiting for locks (`mutex`) or for anything (`block`), over these seconds or since the start."""
        query = {"seconds": str(seconds)} if seconds else {}
        wanted = self._wanted(what, what, f"{what}.pb.gz", query, seconds=seconds, kind=f"pprof_{what}")
        # What is cut off is lost, and takes the place of nothing: the sum since the start is a request away.
        return msgspec.structs.replace(wanted, early_s=0.0) if seconds else wanted

    def trace(self, seconds: float) -> Wanted:
        """The execution trace, which comes while it is taken."""
        query = {"seconds": f"{seconds:g}"}
        return self._wanted("trace", "trace", "trace.out", query, seconds=seconds, kind="go_trace", cut=True)

    def index(self) -> Request:
        """The list of profiles, which costs next to nothing: it tells how many goroutines there are."""
        return Request(path=f"{self._path}/", deadline_s=LISTING_S, max_bytes=2**16, port=self._port)

    def _wanted(
        self,
        what: str,
        profile: str,
        file: str,
        query: Mapping[str, str],
        *,
        seconds: float = 0,
        kind: str = "goroutine_dump",
        media_type: str = BYTES,
        room_bytes: int | None = None,
        cut: bool = False,
    ) -> Wanted:
        asked = "&".join(f"{key}={value}" for key, value in query.items())
        path = f"{self._path}/{profile}" + (f"?{asked}" if asked else "")
        request = Request(
            path=path,
            deadline_s=seconds + ANSWERING_S,
            max_bytes=room_bytes or self._room_bytes,
            port=self._port,
        )
        return Wanted(
            what=what,
            file=f"{self._name}-{file}",
            kind=kind,
            media_type=media_type,
            request=request,
            url=self._origin + path,
            early_s=seconds + ENDING_S,
            cut=cut,
        )
