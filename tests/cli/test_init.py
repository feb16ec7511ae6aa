"""`bisector init`: a hunt file for each kind of repository, tested at HEAD."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bisector import demo, hunt_file
from bisector.hunt.ground import predicate_of
from bisector.hunt_file.proposal import detect
from bisector.hunt_file.proposal_text import Draft, Good
from tests.cli.running import bisector
from tests.git_history import chain, git, write_history

PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

MAKE = {"Makefile": "all:\n\techo built >out\ntest: all\n\tgrep -q built out\n"}
PYTEST = {"pyproject.toml": "[project]\nname='t'\n", "src/t.py": "one = 1\n"}
PYTEST_TESTS = {"tests/test_t.py": "from t import one\n\n\ndef test_one():\n    assert one == 1\n"}
NPM = {"package.json": '{"name": "t", "version": "1.0.0", "scripts": {"test": "node -e 0"}}'}
CMAKE = {
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.20)\nproject(t NONE)\nenable_testing()\n"
    "add_test(NAME one COMMAND sh -c true)\n"
}
SCRIPT = {"test.sh": "exit 0\n"}
REAL = {
    "make": ("make", MAKE),
    "python": ("python3", {**PYTEST, **PYTEST_TESTS}),
    "npm": ("npm", NPM),
    "cmake": ("ctest", CMAKE),
    "script": ("bash", SCRIPT),
}


def repository(folder: Path, files: Mapping[str, str]) -> Path:
    """Three commits with these files in each."""
    write_history(folder / "repo", chain(3, {0: files}))
    return folder / "repo"


@pytest.mark.parametrize("system", REAL)
def test_a_real_repository_of_each_kind_is_built_and_tested(system: str, tmp_path: Path) -> None:
    """The proposed file builds and tests HEAD, and the predicate can judge the run."""
    tool, files = REAL[system]
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    repo = repository(tmp_path, files)
    done = bisector("init", "repo", "--json", folder=tmp_path, PATH=PATH)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["system"] == system
    assert told["trial"]["judgement"] == "good", told
    assert told["trial"]["exit"] == 0
    assert hunt_file.load(tmp_path / "hunt.yaml").repository == repo
    assert git(repo, "status", "--porcelain") == ""
    assert len(git(repo, "worktree", "list").splitlines()) == 1


def test_the_sample_history_is_understood(tmp_path: Path) -> None:
    """The dune project in the sample repository is found, built with dune, and tested by its script."""
    demo.make(tmp_path / "made", "none", 12, workload=1)
    done = bisector("init", "repo", "--output", "mine.yaml", folder=tmp_path / "made")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "for dune" in done.stdout
    hunt = hunt_file.load(tmp_path / "made/mine.yaml")
    assert hunt.good == ("baseline",)
    assert hunt.build is not None
    assert hunt.build.folder == "hosts/ocaml"
    assert hunt.build.outputs == ("hosts/ocaml/_build/default/bin/sx_server.exe",)
    assert "judged  good" in done.stdout


@pytest.mark.parametrize("symptom", ["fails", "slow", "memory", "hangs", "flaky"])
@pytest.mark.parametrize(
    ("system", "files", "command"),
    [
        ("cargo", {"Cargo.toml": "[package]\nname='t'\n"}, "cargo test --release"),
        ("go", {"go.mod": "module t\n"}, "go test -count=1 ./..."),
        ("maven", {"pom.xml": "", "Makefile.in": ""}, "mvn -q -B test"),
        ("maven", {"pom.xml": "", "mvnw": ""}, "./mvnw -q -B test"),
        ("gradle", {"build.gradle.kts": ""}, "gradle -q --no-daemon --no-build-cache cleanTest test"),
        ("meson", {"meson.build": "project('t')\n"}, "meson test -C build --no-rebuild"),
        ("dune", {"dune-project": "(lang dune 2.9)\n"}, "dune test --force"),
        ("dune", {"a/dune-project": "", "Makefile.in": ""}, "dune test --force"),
        ("make", MAKE, "make test"),
        ("make", {"Makefile": "all:\n", "run-tests.sh": ""}, "bash run-tests.sh"),
        ("python", {**MAKE, **PYTEST, **PYTEST_TESTS}, "python3 -m pytest -q -x -p no:cacheprovider"),
        ("npm", {**NPM, "web/Cargo.toml": ""}, "npm test"),
        ("script", {"bin/check": "#!/bin/sh\n"}, "bash bin/check"),
    ],
    ids=str,
)
def test_a_proposal_is_a_hunt_file(
    system: str, files: Mapping[str, str], command: str, symptom: str, tmp_path: Path
) -> None:
    """The text is a valid hunt file with the usual command for such a project."""
    found = detect(list(files), files.__getitem__)
    assert found is not None
    assert found.best.system == system
    draft = Draft(found, "t", ".", symptom=symptom, good=Good("v1: a #tag"), passing=("A", "B"))
    (tmp_path / "hunt.yaml").write_text(draft.text)
    hunt = hunt_file.load(tmp_path / "hunt.yaml")
    assert (hunt.test.command, hunt.good) == (command, ("v1: a #tag",))
    assert predicate_of(hunt, tmp_path / "hunt.yaml").name == hunt.predicate.name
    assert hunt.environment.pass_ == ("A", "B")


LOCKED = {"package.json": NPM["package.json"], "package-lock.json": ""}
BUILT = {**LOCKED, "package.json": '{"scripts": {"test": "t", "build": "b"}}'}
RUBY = {"Gemfile": "", "Gemfile.lock": "", "Rakefile": ""}
PHP = {"composer.json": '{"require-dev": {"phpunit/phpunit": "^9"}}', "composer.lock": ""}
HAS_PYTEST = 'name = "pytest"\n'
WITH_EXTRA = "[project]\nname='t'\noptional-dependencies = {check = ['pytest>=7', 'x']}\n"
PIP = "python3 -m venv .venv && .venv/bin/pip install --quiet"
POETRY = "POETRY_VIRTUALENVS_IN_PROJECT=true poetry install --no-root --no-interaction"
PNPM = "pnpm install --frozen-lockfile"
MODULES = ("node_modules",)


def proposed(folder: Path, files: Mapping[str, str]) -> hunt_file.Hunt:
    """The hunt that is proposed for these files."""
    found = detect(list(files), files.__getitem__)
    assert found is not None
    (folder / "hunt.yaml").write_text(Draft(found, "t", ".").text)
    return hunt_file.load(folder / "hunt.yaml")


@pytest.mark.parametrize(
    ("files", "command", "key", "keeps", "test", "build"),
    [
        (LOCKED, "npm ci", "package.json package-lock.json", MODULES, "npm test", None),
        (BUILT, "npm ci", "package.json package-lock.json", MODULES, "npm test", "npm run build"),
        ({**NPM, "pnpm-lock.yaml": ""}, PNPM, "package.json pnpm-lock.yaml", MODULES, "pnpm test", None),
        (
            {**NPM, "yarn.lock": ""},
            *("yarn install --frozen-lockfile", "package.json yarn.lock", MODULES, "yarn test", None),
        ),
        (
            {**NPM, "yarn.lock": "", ".yarnrc.yml": "nodeLinker: node-modules\n"},
            *("yarn install --immutable", "package.json yarn.lock .yarnrc.yml", MODULES, "yarn test", None),
        ),
        (
            {f"web/{name}": text for name, text in LOCKED.items()},
            *("npm ci", "web/package.json web/package-lock.json", ("web/node_modules",), "npm test", None),
        ),
        (
            {**PYTEST, **PYTEST_TESTS, "uv.lock": HAS_PYTEST},
            *("uv sync --frozen", "pyproject.toml uv.lock", (".venv",), ".venv/bin/python", None),
        ),
        (
            {**PYTEST, **PYTEST_TESTS, "uv.lock": 'name = "pytest-x"\n'},
            *("uv sync --frozen && uv pip install --quiet pytest", "pyproject.toml uv.lock", (".venv",)),
            *(".venv/bin/python", None),
        ),
        (
            {**PYTEST_TESTS, "pyproject.toml": WITH_EXTRA, "uv.lock": HAS_PYTEST},
            *("uv sync --frozen --extra check", "pyproject.toml uv.lock", (".venv",)),
            *(".venv/bin/python", None),
        ),
        (
            {**PYTEST_TESTS, "pyproject.toml": WITH_EXTRA},
            "uv venv --quiet .venv && uv pip install --quiet -r pyproject.toml --extra check",
            *("pyproject.toml", (".venv",), ".venv/bin/python", None),
        ),
        (
            {**CMAKE, "deps/more.cmake": "fetchcontent_declare(json URL x)\n"},
            *("cmake -S . -B build -DCMAKE_BUILD_TYPE=Release", "CMakeLists.txt deps/more.cmake"),
            *(
                ("build/_deps",),
                "ctest",
                "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build",
            ),
        ),
        (
            {**PYTEST, **PYTEST_TESTS, "poetry.lock": ""},
            *(POETRY, "pyproject.toml poetry.lock", (".venv",), ".venv/bin/python", None),
        ),
        (
            {**PYTEST_TESTS, "requirements.txt": "-r more/base.txt\n-e .\n", "more/base.txt": "x"},
            *(f"{PIP} -r requirements.txt pytest", "requirements.txt more/base.txt", (".venv",)),
            *(".venv/bin/python", None),
        ),
        (
            {
                **PYTEST_TESTS,
                "requirements.txt": "x\n",
                "requirements-dev.txt": "pytest==8\n",
                "requirements-docs.txt": "",
            },
            *(f"{PIP} -r requirements-dev.txt -r requirements.txt", "requirements-dev.txt requirements.txt"),
            *((".venv",), ".venv/bin/python", None),
        ),
        (
            {**RUBY, "t.gemspec": "", "spec/a_spec.rb": ""},
            *(
                "bundle install",
                "Gemfile Gemfile.lock t.gemspec",
                ("vendor/bundle",),
                "bundle exec rspec",
                None,
            ),
        ),
        (RUBY, "bundle install", "Gemfile Gemfile.lock", ("vendor/bundle",), "bundle exec rake test", None),
        (
            PHP,
            "composer install --no-interaction --no-progress",
            *("composer.json composer.lock", ("vendor",), "vendor/bin/phpunit", None),
        ),
    ],
    ids=str,
)
def test_what_a_lock_file_installs_is_proposed_as_setup(
    tmp_path: Path,
    files: Mapping[str, str],
    command: str,
    key: str,
    keeps: tuple[str, ...],
    test: str,
    build: str | None,
) -> None:
    """The usual command of the tool, with the files that decide what it installs, and where it does."""
    hunt = proposed(tmp_path, files)
    (setup,) = hunt.setup
    assert (setup.command, setup.key, setup.keeps) == (command, tuple(key.split()), keeps)
    assert str(hunt.test.command).startswith(test)
    assert setup.folder == hunt.test.folder
    assert (hunt.build.command if hunt.build else None) == build


@pytest.mark.parametrize(
    ("files", "build"),
    [
        (NPM, "npm install --no-audit --no-fund"),
        ({**LOCKED, "package.json": '{"workspaces": ["a"], "scripts": {"test": "t"}}'}, "npm ci"),
        ({**NPM, "pnpm-lock.yaml": "", "pnpm-workspace.yaml": ""}, PNPM),
        ({**NPM, "yarn.lock": "", ".yarnrc.yml": ""}, "yarn install --immutable"),
        ({**PYTEST, **PYTEST_TESTS, "requirements.txt": "x\n.[dev]\n"}, None),
        ({"Cargo.toml": "", "Cargo.lock": ""}, "cargo build --release --all-targets"),
        (
            {
                **PHP,
                "composer.json": '{"require-dev": {"phpunit/phpunit": "9"}, "autoload": {"classmap": ["a"]}}',
            },
            "composer install --no-interaction --no-progress",
        ),
    ],
    ids=str,
)
def test_what_depends_on_more_than_a_lock_file_is_installed_for_each_commit(
    tmp_path: Path, files: Mapping[str, str], build: str | None
) -> None:
    """No `setup` is proposed that would show commits the packages of another one."""
    hunt = proposed(tmp_path, files)
    assert hunt.setup == ()
    assert (hunt.build.command if hunt.build else None) == build


@pytest.mark.parametrize(
    ("installed", "pyproject", "command"),
    [
        ((), PYTEST["pyproject.toml"], f"{PIP} pytest"),
        (("pytest",), PYTEST["pyproject.toml"], None),
        (
            ("pytest",),
            f"{WITH_EXTRA}[build-system]\nbuild-backend='hatchling.build'\n",
            f"{PIP} -e '.[check]' pytest",
        ),
        (("pytest",), f"{WITH_EXTRA}[build-system]\nbuild-backend='mesonpy'\n", None),
        (("pytest",), "[project\n", None),
    ],
    ids=str,
)
def test_a_python_project_without_a_lock_file(
    tmp_path: Path, installed: tuple[str, ...], pyproject: str, command: str | None
) -> None:
    """Without uv, pip installs what is missing, but never what a build backend may compile."""
    files = {**PYTEST_TESTS, "pyproject.toml": pyproject}
    found = detect(list(files), files.__getitem__, lambda program: program in installed)
    assert found is not None
    setup = found.best.setup
    assert (setup.command if setup else None) == command


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"Cargo.toml": ""}, "~/.cargo"),
        ({"go.mod": ""}, "~/go/pkg/mod"),
        ({"dune-project": "", "t.opam": ""}, "switch"),
        ({"pom.xml": ""}, "~/.m2/repository"),
        ({"build.gradle": ""}, "~/.gradle"),
    ],
    ids=str,
)
def test_a_shared_cache_needs_no_setup_and_the_file_says_so(
    tmp_path: Path, files: Mapping[str, str], says: str
) -> None:
    """What a tool downloads to the home folder serves all commits."""
    assert proposed(tmp_path, files).setup == ()
    (line,) = [
        one for one in (tmp_path / "hunt.yaml").read_text().splitlines() if one.startswith("# No setup")
    ]
    assert says in line


@pytest.mark.parametrize(
    ("install", "code", "told"), [("exit 0", 0, "judged  good"), ("exit 9", 1, "fix `setup` in")]
)
def test_a_proposed_setup_is_tried_at_head(tmp_path: Path, install: str, code: int, told: str) -> None:
    """It runs as the build does, and if it fails, its log is shown."""
    files = {".gitignore": "node_modules/\n", **LOCKED}
    repository(tmp_path, files)
    npm = tmp_path / "bin/npm"
    npm.parent.mkdir()
    case = f"ci) mkdir node_modules; echo npm error: said; {install};; test) test -d node_modules;;"
    npm.write_text(f"#!/bin/sh\ncase $1 in {case} esac\n")
    npm.chmod(0o755)
    done = bisector("init", "repo", folder=tmp_path, PATH=f"{npm.parent}{os.pathsep}{PATH}")
    assert done.returncode == code, done.stdout + done.stderr
    assert told in done.stdout
    assert ("npm error: said" in done.stdout) == (code == 1)


def test_a_file_name_cannot_write_into_the_hunt_file(tmp_path: Path) -> None:
    """A folder whose name would become a key is ignored. Other names are quoted."""
    wicked = {"test.sh": "", "a\nmeasure: {before: touch gone}\n#/test.sh": "", "a b; x/test.sh": ""}
    assert proposed(tmp_path, wicked).measure.before is None
    assert proposed(tmp_path, {"a b; x/test.sh": ""}).test.command == "bash 'a b; x/test.sh'"


def test_the_newest_tag_before_head_is_proposed_as_good(tmp_path: Path) -> None:
    """Good is the newest tag that HEAD contains, but not HEAD's own. Without a tag, good is searched."""
    repo = repository(tmp_path, MAKE)
    assert "good: auto" in bisector("init", "repo", "--output", "-", folder=tmp_path).stdout
    git(repo, "tag", "v1", "HEAD~2")
    git(repo, "tag", "v2", "HEAD~1")
    git(repo, "tag", "v3", "HEAD")
    assert "\ngood: v2\n" in bisector("init", "repo", "--output", "-", folder=tmp_path).stdout
    assert not (tmp_path / "hunt.yaml").exists()


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    """No file is overwritten without --force."""
    repository(tmp_path, MAKE)
    (tmp_path / "hunt.yaml").write_text("mine")
    refused = bisector("init", "repo", "--no-try", folder=tmp_path)
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert (tmp_path / "hunt.yaml").read_text() == "mine"
    assert bisector("init", "repo", "--no-try", "--force", folder=tmp_path).returncode == 0
    assert hunt_file.load(tmp_path / "hunt.yaml").test.command == "make test"


def test_a_head_that_does_not_build_is_told(tmp_path: Path) -> None:
    """The exit code is 1, with the message of the build and the key to fix."""
    repository(tmp_path, {"Makefile": "all:\n\t@echo error: no such header; exit 1\ntest:\n\ttrue\n"})
    done = bisector("init", "repo", folder=tmp_path)
    assert done.returncode == 1
    assert "no such header" in done.stdout
    assert "fix `build` in hunt.yaml" in done.stdout


def test_a_repository_with_nothing_to_test_is_refused(tmp_path: Path) -> None:
    """If no project is recognised, no file is written."""
    repository(tmp_path, {"README": "words"})
    done = bisector("init", "repo", folder=tmp_path)
    assert done.returncode == 2
    assert "`good` and `test`" in done.stderr
    assert not (tmp_path / "hunt.yaml").exists()


def test_a_file_inside_the_repository_is_told_of(tmp_path: Path) -> None:
    """In the repository, only the new untracked file is added."""
    repo = repository(tmp_path, MAKE)
    done = bisector("init", folder=repo)
    assert done.returncode == 0, done.stderr
    assert "in your work tree" in done.stdout
    assert git(repo, "status", "--porcelain") == "?? hunt.yaml\n"
