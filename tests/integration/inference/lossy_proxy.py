"""A way to PostgreSQL on which the answer to one commit of results gets lost, as when a network breaks just then."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from sqlalchemy import make_url

BLOCK_BYTES = 65_536
RESULTS = (b"COPY results", b'COPY "results"')
COMMIT = b"COMMIT\0"


class LossyProxy:
    def __init__(self, database_url: str) -> None:
        url = make_url(database_url)
        self._server = f"{url.query.get('host', url.host)}/.s.PGSQL.{url.port or 5432}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        host, port = self._listener.getsockname()
        self.url = url.set(host=host, port=port, query={}).render_as_string(hide_password=False)
        self.lost = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                threading.Thread(target=self._to_client, args=(server, client), daemon=True).start()
                threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()

    def _to_client(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError), closing(client):
            while block := server.recv(BLOCK_BYTES):
                client.sendall(block)

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        has_results = False
        with suppress(OSError), closing(server):
            while block := client.recv(BLOCK_BYTES):
                has_results = has_results or any(copy in block for copy in RESULTS)
                if has_results and COMMIT in block and not self.lost.is_set():
                    self.lost.set()
                    client.shutdown(socket.SHUT_RDWR)
                server.sendall(block)


@contextmanager
def losing_one_commit(database_url: str) -> Iterator[LossyProxy]:
    proxy = LossyProxy(database_url)
    try:
        yield proxy
    finally:
        proxy.close()
