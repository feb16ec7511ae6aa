"""A report is served to this machine only, with its logs and nothing else."""

from __future__ import annotations

import http.client
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bisector.errors import UsageError
from bisector.report.page_server import PageServer, serving


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PageServer]:
    """A server of a page and the folder `logs/abc`, beside files that are nobody's business."""
    logs = tmp_path / "logs" / "abc"
    logs.mkdir(parents=True)
    (tmp_path / "page.html").write_text("<h1>page</h1>")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "logs" / "secret.log").write_text("secret")
    (logs / "one.log").write_text("<b>log</b>")
    (logs / ".hidden").write_text("secret")
    (logs / "link.log").symlink_to(tmp_path / "secret")
    (logs / "folder.log").mkdir()
    os.mkfifo(logs / "pipe.log")
    with serving(tmp_path / "page.html", logs) as found:
        yield found


def asked(
    server: PageServer, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    """The answer to one request, and its body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_the_page_and_its_logs(server: PageServer) -> None:
    """The page is HTML and a log plain text, neither may be kept or sniffed, and HEAD has no body."""
    answer, body = asked(server, "/")
    assert (answer.status, body) == (200, b"<h1>page</h1>")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer, body = asked(server, "/logs/abc/one.log?again")
    assert (answer.status, body) == (200, b"<b>log</b>")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert asked(server, "/", "HEAD")[1] == b""


@pytest.mark.parametrize(
    "path",
    [
        "/secret",
        "/page.html",
        "/logs/",
        "/logs/abc/",
        "/logs/secret.log",
        "/logs/abc/../secret.log",
        "/logs/abc/..%2fsecret.log",
        "/logs/abc/../../secret",
        "/logs/abc/.hidden",
        "/logs/abc/link.log",
        "/logs/abc/folder.log",
        "/logs/abc/pipe.log",
        "/logs/abc/missing.log",
        "/%00",
        "/" + "x" * 5000,
    ],
)
def test_nothing_else(server: PageServer, path: str) -> None:
    """Other files, folders, links, pipes and ways out of the folder are not found."""
    answer, body = asked(server, path)
    assert answer.status == 404
    assert b"secret" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT"])
def test_it_only_reads(server: PageServer, method: str) -> None:
    """No other method is answered."""
    assert asked(server, "/", method)[0].status == 501


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", ""])
def test_other_names_of_this_machine_are_refused(server: PageServer, host: str) -> None:
    """A web page in the user's browser cannot read the report through a name that it controls."""
    answer, body = asked(server, "/", Host=host.format(port=server.server_port))
    assert answer.status == 403
    assert b"page" not in body
    assert asked(server, "/", Host=f"localhost:{server.server_port}")[0].status == 200


def test_only_this_machine_can_connect(server: PageServer) -> None:
    """The server listens on the loopback address."""
    assert server.socket.getsockname()[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.server_port}/"


def test_a_client_that_breaks_off_harms_nobody(server: PageServer, capfd: pytest.CaptureFixture[str]) -> None:
    """A connection that says nothing, or nonsense, leaves the server as it was, and nothing is printed."""
    for said in (b"", b"\x00\xff\r\n\r\n", b"GET / HTTP/1.1\r\n"):
        with socket.create_connection(("127.0.0.1", server.server_port)) as client:
            client.sendall(said)
    assert asked(server, "/")[0].status == 200
    assert capfd.readouterr() == ("", "")


def test_a_port_that_is_taken(server: PageServer, tmp_path: Path) -> None:
    """The error names the port and the option."""
    with pytest.raises(UsageError, match=f"127.0.0.1:{server.server_port} .*choose another --port"):
        PageServer(tmp_path / "page.html", tmp_path, server.server_port)


def test_the_last_version_can_be_fetched(server: PageServer) -> None:
    """A command that ends waits for a browser that looks again, but not for ever."""
    began = time.monotonic()
    server.wait_for_a_look(began, 0.2)
    assert time.monotonic() - began >= 0.2
    looking = threading.Timer(0.1, asked, (server, "/"))
    looking.start()
    server.wait_for_a_look(began, 60.0)
    assert server.last_look >= began
    looking.join()
