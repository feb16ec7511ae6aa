"""`bisector mcp`: the official client over stdin and stdout, as an agent's host starts the server."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult

from tests.cli.running import bisector, shell_history
from tests.schemas import closed, published, require

START = {"good": ["main~11"], "build": "sh build.sh", "test": "sh test.sh", "settings": ["jobs=1"]}


def with_server(repo: Path, talk: Callable[[Client], Awaitable[None]], *options: str) -> None:
    """Start the server in `repo` and talk to it."""
    environment = {"HOME": str(repo.parent), "XDG_CACHE_HOME": str(repo.parent / "cache")}
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "bisector", "mcp", *options], cwd=repo, env=environment
    )

    async def whole() -> None:
        async with Client(server, read_timeout_seconds=120) as client:
            await talk(client)

    asyncio.run(whole())


def values(result: CallToolResult) -> dict[str, Any]:
    """The structured answer of a tool that worked."""
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


def text(result: CallToolResult) -> str:
    """The text of an answer, also of one that says why it did not work."""
    return "".join(getattr(part, "text", "") for part in result.content)


async def ended(client: Client) -> dict[str, Any]:
    """The state of the server's only hunt when it is over."""
    while True:
        (hunt,) = values(await client.call_tool("status", {}))["started"]
        if not hunt["running"]:
            return dict(hunt)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository in which nothing was hunted yet."""
    shell_history(tmp_path / "repo")
    return tmp_path / "repo"


def test_a_hunt_from_start_to_report(repo: Path) -> None:
    """An agent starts a hunt, follows it, and gets the answer, its reasons and the report."""

    async def talk(client: Client) -> None:
        began = values(await client.call_tool("start", START))
        assert began["began"]["candidates"] == 11
        hunt = await ended(client)
        require(closed(published("output")), hunt["result"])
        first = hunt["result"]["first_bad"]
        assert (hunt["result"]["conclusion"], hunt["result"]["confirmed"]) == ("first-bad", True)
        (listed,) = values(await client.call_tool("status", {}))["hunts"]
        assert listed["state"] == "first-bad"
        explained = values(await client.call_tool("explain", {"name": listed["hunt"]}))
        require(closed(published("output")), explained)
        report = await client.call_tool("report", {"repository": str(repo)})
        assert first[:12] in text(report)

    with_server(repo, talk, "--allow-run")


def test_without_leave_nothing_can_be_run(repo: Path) -> None:
    """The server has only tools that look, says so, and refuses the others."""

    async def talk(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == {"status", "explain", "report"}
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        assert (await client.call_tool("start", START)).is_error
        assert values(await client.call_tool("status", {})) == {"hunts": [], "started": []}
        assert "--allow-run" in (client.instructions or "")

    with_server(repo, talk)
    assert bisector("status", folder=repo, XDG_CACHE_HOME=str(repo.parent / "cache")).returncode == 2


def test_a_mistake_is_told_in_a_sentence(repo: Path) -> None:
    """As on the command line, without a traceback; a value cannot become an option."""

    async def talk(client: Client) -> None:
        for tool, arguments, why in (
            ("start", {**START, "good": ["nonsense"]}, "has no commit 'nonsense'"),
            ("start", {"good": ["main~11"]}, "test"),
            ("explain", {}, "there is no hunt"),
            ("report", {"repository": "/no/such/folder"}, "there is no folder /no/such/folder"),
            ("report", {"name": "--help"}, "there is no hunt"),
        ):
            found = await client.call_tool(tool, arguments)
            assert found.is_error and why in text(found), text(found)
            assert "Traceback" not in text(found)

    with_server(repo, talk, "--allow-run")


def test_a_hunt_ends_with_its_server(repo: Path) -> None:
    """A client that goes away leaves no hunt running, and the journal can be continued."""

    async def talk(client: Client) -> None:
        values(await client.call_tool("start", {**START, "test": "sleep 300"}))

    with_server(repo, talk, "--allow-run")
    done = bisector("status", "--json", folder=repo, XDG_CACHE_HOME=str(repo.parent / "cache"))
    (row,) = json.loads(done.stdout)["hunts"]
    assert row["state"] == "stopped"


def test_without_the_library_a_sentence_says_how_to_get_it(tmp_path: Path) -> None:
    """The extra is named; nothing else of bisector needs it."""
    script = (
        "import sys; sys.modules['mcp'] = None\nfrom bisector.cli.main import run\nsys.exit(run(['mcp']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 6
    assert done.stderr.count("\n") == 1 and "pip install 'bisector[mcp]'" in done.stderr
