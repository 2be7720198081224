"""The least that hears datagrams in an event loop, with the sender's credentials: `bare_datagrams PATH`."""

import asyncio
import socket
import sys

BATCH = 256


class Bare:
    """Counts words."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.heard: dict[str, int] = {}

    def drain(self) -> None:
        """Read what is there."""
        room = socket.CMSG_SPACE(12)
        for _ in range(BATCH):
            try:
                data, _, _, _ = self._socket.recvmsg(512, room)
            except BlockingIOError:
                return
            word = data.decode().split(" ")[0]
            self.heard[word] = self.heard.get(word, 0) + 1


async def main() -> None:
    """Hear for ever."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind(sys.argv[1])
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        asyncio.get_running_loop().add_reader(sock, Bare(sock).drain)
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
