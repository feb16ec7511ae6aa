"""`bisector mcp`: an MCP server over stdin and stdout, for agents.

Each tool runs a command of bisector in a process of its own, so that only the protocol is printed here.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from bisector import __version__
from bisector.cli.mcp_hunts import StartedHunts
from bisector.errors import EnvironmentFault

if TYPE_CHECKING:
    from mcp.server import MCPServer

_PATIENCE = 300.0
"""Seconds for a command that runs no test."""
_ABOUT = """\
bisector finds the commit that made a program fail, slower or larger. A hunt takes from seconds to hours. Its
readings are kept: the same hunt continues where it stopped. An answer counts only if it is confirmed.
"""
_READ_ONLY = "This server only looks at hunts. To start one, run `bisector mcp --allow-run` instead.\n"
_RUNS = "`start` runs the commands that you give, at commits of the repository, as this user.\n"

Repository = Annotated[str, Field(description="Path of the git repository; '' for the server's folder.")]
Name = Annotated[
    str,
    Field(description="Name of a hunt, as in `status`; '' for the newest. NAME~1 is the one before NAME."),
]


def serve(*, allow_run: bool) -> None:
    """Serve until the client closes the pipe; then hunts that still run are interrupted."""
    _server(allow_run=allow_run).run("stdio")


def _server(*, allow_run: bool) -> MCPServer[None]:
    try:
        from mcp.server import MCPServer
        from mcp_types import ToolAnnotations
    except ImportError as error:
        raise EnvironmentFault(
            "`bisector mcp` needs the library mcp, version 2 or newer; "
            "install it with `pip install 'bisector[mcp]'`"
        ) from error
    hunts = StartedHunts()

    @asynccontextmanager
    async def stopping(_server: MCPServer[None]) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await hunts.stop()

    server = MCPServer[None](
        "bisector",
        version=__version__,
        instructions=_ABOUT + (_RUNS if allow_run else _READ_ONLY),
        lifespan=stopping,
        log_level="WARNING",
    )
    looks = ToolAnnotations(read_only_hint=True, open_world_hint=False)

    @server.tool(annotations=looks)
    async def status(repository: Repository = "") -> dict[str, Any]:
        """List the hunts of a repository, newest first, and in `started` those that this server has started.

        A hunt that runs has `next` (what is tested) and `outlook` (what is left to do), at the end `result`.
        """
        folder = _folder(repository)
        listed = await _asked(folder, "status", "--json", none_is="there is no hunt")
        here = [one for one in hunts.states if Path(one["folder"]) == folder]
        return {"hunts": json.loads(listed)["hunts"] if listed else [], "started": here}

    @server.tool(annotations=looks)
    async def explain(repository: Repository = "", name: Name = "") -> dict[str, Any]:
        """Explain why each commit of a hunt was tested, in order, with the belief before and after."""
        found: dict[str, Any] = json.loads(
            await _asked(_folder(repository), "explain", "--json", *_named(name))
        )
        return found

    @server.tool(annotations=looks)
    async def report(repository: Repository = "", name: Name = "") -> str:
        """The report of a hunt as Markdown: the answer with its evidence, and every reading."""
        return await _asked(_folder(repository), "report", *_named(name))

    if allow_run:
        _add_start(server, hunts)
    return server


def _add_start(server: MCPServer[None], hunts: StartedHunts) -> None:
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp_types import ToolAnnotations

    @server.tool(annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False))
    async def start(
        repository: Repository = "",
        config: Annotated[str, Field(description="Path of a hunt file; its keys may be set below.")] = "",
        good: Annotated[list[str] | None, Field(description="Revisions without the regression.")] = None,
        bad: Annotated[str, Field(description="A revision with it; '' for HEAD.")] = "",
        test: Annotated[str, Field(description="Shell command that tests a commit.")] = "",
        build: Annotated[str, Field(description="Shell command that builds a commit.")] = "",
        predicate: Annotated[str, Field(description="How a run is judged; '' for its exit code.")] = "",
        settings: Annotated[
            list[str] | None, Field(description="Any key of the hunt file, as KEY=VALUE.")
        ] = None,
    ) -> dict[str, Any]:
        """Start a hunt, or continue it: same arguments, same hunt. Returns once its range is known.

        The hunt runs until it ends, or the server does; `status` follows it. It never touches the checkout.
        """
        one = {"config": config, "bad": bad, "test": test, "build": build, "predicate": predicate}
        words = [f"--{key}={value}" for key, value in one.items() if value]
        words += [f"--good={revision}" for revision in good or ()]
        words += [f"--set={setting}" for setting in settings or ()]
        hunt = await hunts.start(_folder(repository), words)
        if failed := hunt.state["failed"]:
            raise ToolError(str(failed["why"]))
        return hunt.state


def _folder(repository: str) -> Path:
    from mcp.server.mcpserver.exceptions import ToolError

    folder = Path(repository or ".").expanduser().resolve()
    if not folder.is_dir():
        raise ToolError(f"there is no folder {folder}; name one with `repository`")
    return folder


def _named(name: str) -> list[str]:
    return [f"--name={name}"] if name else []


async def _asked(folder: Path, *words: str, none_is: str = "") -> str:
    """What `bisector WORDS` prints in `folder`; '' if there is none of what is asked for."""
    from mcp.server.mcpserver.exceptions import ToolError

    code, out, told = await _output(folder, words)
    if not code:
        return out
    if none_is and none_is in told:
        return ""
    raise ToolError(told.strip().removeprefix("bisector: ") or f"it ended with exit code {code}")


async def _output(folder: Path, words: Sequence[str]) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bisector", *words),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, told = await asyncio.wait_for(process.communicate(), _PATIENCE)
    except (TimeoutError, asyncio.CancelledError):
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, out.decode(errors="replace"), told.decode(errors="replace")
