"""A real dune builds only in the slot, although the project around the slot would break the build."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bisector.predicate import Run
from bisector.probe.dune_root import environment_for
from bisector.probe.execution import Command, Limits, execute

needs_dune = pytest.mark.skipif(shutil.which("dune") is None, reason="dune is not installed")

PROJECT = "hosts/ocaml"


@pytest.fixture(params=["dune-project", "dune-workspace"])
def slot(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A slot that contains a project, inside a project that does not build."""
    (tmp_path / request.param).write_text("(lang dune 2.0)\n")
    (tmp_path / "dune").write_text("(this is no stanza)\n")
    project = tmp_path / "slot" / PROJECT
    for folder, program in (("bin", "main"), ("test", "check")):
        (project / folder).mkdir(parents=True)
        (project / folder / f"{program}.ml").write_text('let () = print_endline "built"\n')
    (project / "dune-project").write_text("(lang dune 2.0)\n")
    (project / "bin" / "dune").write_text("(executable (name main))\n")
    (project / "test" / "dune").write_text("(test (name check))\n")
    return tmp_path / "slot"


def dune(slot: Path, folder: str, line: str) -> Run:
    base = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = environment_for(slot, slot / folder, base)
    return execute(Command(line, slot / folder, environment), Limits(120)).run


@needs_dune
@pytest.mark.parametrize(
    ("folder", "line", "built"),
    [
        (PROJECT, "dune build", ["bin/main.exe", "test/check.exe"]),
        (PROJECT, "dune build ./bin/main.exe", ["bin/main.exe"]),
        (PROJECT, "dune build --root . bin/main.exe", ["bin/main.exe"]),
        (PROJECT, "cd bin && dune build -j 1 --profile release ./main.exe", ["bin/main.exe"]),
        (f"{PROJECT}/bin", "dune build", ["bin/main.exe"]),
        (f"{PROJECT}/bin", "dune build main.exe ../test/check.exe", ["bin/main.exe", "test/check.exe"]),
        (f"{PROJECT}/bin", "dune build @@default", ["bin/main.exe"]),
        (f"{PROJECT}/bin", "dune build --root .. bin/main.exe", ["bin/main.exe"]),
        (f"{PROJECT}/test", "dune runtest", ["test/check.exe"]),
        (".", "cd hosts/ocaml/bin && dune exec ./main.exe -- --root x", ["bin/main.exe"]),
    ],
)
def test_build_inside_another_project(slot: Path, folder: str, line: str, built: list[str]) -> None:
    """Build commands build their targets, from the project's root and from below it."""
    run = dune(slot, folder, line)
    assert run.exit_code == 0, run.output
    products = {
        str(p.relative_to(slot / PROJECT / "_build/default"))
        for p in slot.rglob("*.exe")
        if "/." not in str(p)
    }
    assert products == set(built)
    assert not (slot.parent / "_build").exists()


@needs_dune
def test_other_commands_are_passed_on(slot: Path) -> None:
    """Commands without a root option are passed to dune unchanged."""
    assert dune(slot, ".", "dune --version").exit_code == 0


@needs_dune
def test_outside_the_fix_the_build_breaks(slot: Path) -> None:
    """Without the fix, dune builds the project around the slot, so the other tests check a real problem."""
    command = Command("dune build bin/main.exe", slot / PROJECT, {"PATH": os.environ["PATH"]})
    assert execute(command, Limits(120)).run.exit_code != 0


def test_slot_in_no_project(tmp_path: Path) -> None:
    """If there is no project above the slot, nothing changes."""
    (tmp_path / "slot").mkdir()
    assert environment_for(tmp_path / "slot", tmp_path / "slot", {"PATH": os.defpath}) == {"PATH": os.defpath}
    assert [path.name for path in tmp_path.iterdir()] == ["slot"]
