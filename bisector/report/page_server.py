"""Serves one report and its logs to browsers on this machine, and nothing else."""

from __future__ import annotations

import os
import re
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer

from bisector.errors import UsageError

_HOST = "127.0.0.1"
_NAME = re.compile(r"[0-9A-Za-z][\w.-]*", re.ASCII)
_LONGEST_REQUEST = 10.0
"""Seconds after which a silent client is disconnected."""
_PART = 64 * 1024
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PageServer(ThreadingHTTPServer):
    """Serves the file `page` at `/`, and the files of the folder `logs` at `/logs/FOLDER/`, on 127.0.0.1.

    `port` 0 takes a free one. Only answers GET and HEAD of requests that name this machine: a web page that
    the user visits cannot read it through a name of its own. Raises `UsageError` if the port is taken.
    """

    daemon_threads = True

    def __init__(self, page: Path, logs: Path, port: int = 0) -> None:
        self.page = page
        self.logs = logs
        self.last_look = 0.0
        """The monotonic time of the last request for the page; 0 for none."""
        try:
            super().__init__((_HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise UsageError(
                f"cannot serve the page on {_HOST}:{port} ({why}); choose another --port"
            ) from error

    def server_bind(self) -> None:
        """Bind without looking up this machine's name, which may take long."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = _HOST, self.server_address[1]

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{_HOST}:{self.server_port}/"

    def wait_for_a_look(self, since: float, seconds: float) -> None:
        """Wait until the page was requested after the monotonic time `since`, at most `seconds`."""
        end = time.monotonic() + seconds
        while self.last_look < since and time.monotonic() < end:
            time.sleep(0.05)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser may close its connection at any time."""


@contextmanager
def serving(page: Path, logs: Path, port: int = 0) -> Iterator[PageServer]:
    """A server in a thread of its own, stopped on exit."""
    with PageServer(page, logs, port) as server:
        threading.Thread(target=server.serve_forever, name="bisector-server", daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version = "bisector"
    sys_version = ""
    timeout = _LONGEST_REQUEST

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, *, with_body: bool) -> None:
        names = [f"{name}:{self.server.server_port}" for name in (_HOST, "localhost")]
        if self.headers.get("Host") not in names:
            return self.send_error(HTTPStatus.FORBIDDEN)
        path = self.path.partition("?")[0]
        file = self._file(path)
        descriptor = _opened(file) if file else None
        if descriptor is None:
            return self.send_error(HTTPStatus.NOT_FOUND)
        with os.fdopen(descriptor, "rb") as stream:
            self.send_response(HTTPStatus.OK)
            kind = "text/html" if path == "/" else "text/plain"
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.end_headers()
            while with_body and (part := stream.read(_PART)):
                self.wfile.write(part)
        if path == "/" and with_body:
            self.server.last_look = time.monotonic()

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def _file(self, path: str) -> Path | None:
        """The file at a path of the server; None if there is none."""
        if path == "/":
            return self.server.page
        name = path.removeprefix(f"/logs/{self.server.logs.name}/")
        return self.server.logs / name if name != path and _NAME.fullmatch(name) else None


def _opened(file: Path) -> int | None:
    """A descriptor of a regular file; None if it is missing, a link, or something that would block."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None
