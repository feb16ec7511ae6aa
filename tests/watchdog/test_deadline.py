"""Deadlines are found as the tools read them, and nothing else counts as one."""

from __future__ import annotations

import pytest

from bisector.watchdog.deadline import Style, deadlines_in

FOUND = [
    ("test.sh", "timeout 180 cmd", 180, Style.COMMAND),
    ("test.sh", 'timeout 120 "$SERVER" |', 120, Style.COMMAND),
    ("test.sh", 'run_suites "timeout 180" tcl parse eval', 180, Style.COMMAND),
    ("test.sh", "timeout -k 5 2m cmd", 120, Style.COMMAND),
    ("test.sh", "timeout --kill-after=5s -s KILL 1.5h cmd", 5400, Style.COMMAND),
    ("test.sh", "timeout --foreground --signal=TERM 90s cmd", 90, Style.COMMAND),
    ("test.sh", "x=$(timeout 30 sh a.sh)", 30, Style.COMMAND),
    ("test.sh", 'timeout "${WATCHDOG:-180}" sh a.sh', 180, Style.COMMAND),
    ("test.sh", "gtimeout 30 cmd \\", 30, Style.COMMAND),
    ("Makefile", "\ttimeout 5m ./a", 300, Style.COMMAND),
    ("run.py", 'run(["timeout", "30", "cmd"])', 30, Style.COMMAND),
    ("dune", "(run timeout 60 ./test.exe)", 60, Style.COMMAND),
    ("dune", "(cram (timeout 5))", 5, Style.COMMAND),
    ("test.sh", "ulimit -t 60", 60, Style.ULIMIT),
    ("test.sh", "ulimit -St 60; ./a", 60, Style.ULIMIT),
    ("test.sh", "ulimit -S -t 60", 60, Style.ULIMIT),
    ("test.sh", "run --timeout=30 x", 30, Style.OPTION),
    ("test.sh", "pytest --timeout 30", 30, Style.OPTION),
    ("test.sh", "ctest --timeout 5m", 300, Style.OPTION),
    ("test.sh", "ctest --test-timeout=90", 90, Style.OPTION),
    ("test.sh", "run --timeout-minutes=2", 120, Style.OPTION),
    ("test.sh", "go test -timeout 10m ./...", 600, Style.OPTION),
    ("test.sh", "go test -timeout=1h30m ./...", 5400, Style.OPTION),
    ("test.sh", "npx mocha --timeout 5000", 5, Style.OPTION),
    ("test.sh", "npx jest --testTimeout=30000", 30, Style.OPTION),
    ("package.json", '"test": "mocha --timeout 5000"', 5, Style.OPTION),
    ("package.json", '"args": ["--timeout", "30"]', 30, Style.OPTION),
    (".github/workflows/ci.yml", "    timeout-minutes: 40", 2400, Style.KEY),
    (".gitlab-ci.yml", "  timeout: 3 hours 30 minutes", 12600, Style.KEY),
    (".gitlab-ci.yml", "  timeout: 1h 30m", 5400, Style.KEY),
    ("hunt.yaml", "  timeout: 600s", 600, Style.KEY),
    ("ci.yml", "TIMEOUT: 180", 180, Style.KEY),
    ("ci.yml", 'TIMEOUT: "180"', 180, Style.KEY),
    ("a.py", "timeout = 30.0", 30, Style.KEY),
    ("a.py", "timeout: float = 30.0", 30, Style.KEY),
    ("a.py", "def run(x, timeout: float | None = 30.0) -> None:", 30, Style.KEY),
    ("a.py", "run(x, timeout=5 * 60)", 300, Style.KEY),
    ("a.py", "TIMEOUT_MS = 1_500", 1.5, Style.KEY),
    ("pyproject.toml", "timeout = 600", 600, Style.KEY),
    ("a.json", '{"timeout": 30}', 30, Style.KEY),
    ("a.json", '{"timeout_seconds": 30, "x": 1}', 30, Style.KEY),
    ("package.json", '"testTimeout": 30000,', 30, Style.KEY),
    ("jest.config.js", "  testTimeout: 30 * 1000,", 30, Style.KEY),
    ("a.test.ts", "test('x', f, { timeout: 5_000 })", 5, Style.KEY),
    ("a.go", "Timeout: 5 * time.Minute,", 300, Style.KEY),
    ("test.sh", "WATCHDOG=180", 180, Style.KEY),
    ("test.sh", "WATCHDOG=${WATCHDOG:-180}", 180, Style.KEY),
    ("test.sh", ': "${TIMEOUT:=180}"', 180, Style.KEY),
    ("Makefile", "TEST_TIMEOUT ?= 5m", 300, Style.KEY),
    ("a.py", "time_limit=20", 20, Style.KEY),
    ("a.py", "@pytest.mark.timeout(30)", 30, Style.CALL),
    ("a.py", "@pytest.mark.timeout(timeout=30)", 30, Style.KEY),
    ("a.py", "async with asyncio.timeout(2.5):", 2.5, Style.CALL),
    ("a.test.js", "jest.setTimeout(30000);", 30, Style.CALL),
    ("a.test.js", "this.timeout(5000)", 5, Style.CALL),
    ("CMakeLists.txt", "set_tests_properties(a PROPERTIES TIMEOUT 30)", 30, Style.PROPERTY),
    ("x.cmake", "set(CTEST_TEST_TIMEOUT 300)", 300, Style.PROPERTY),
]

NOT_FOUND = [
    ("test.sh", "# raise the timeout when it is slow"),
    ("test.sh", "# timeout 180 was not enough"),
    ("test.sh", "run  # timeout=30"),
    ("a.js", "setTimeout(tick, 30)"),
    ("a.js", "setTimeout(() => f(30), 1000)"),
    ("a.js", "// timeout: 30"),
    ("a.ml", "(* timeout = 30 *)"),
    ("README.md", "run it with `timeout 180 cmd`"),
    ("requirements.txt", "pytest-timeout==2.4.0"),
    ("setup.cfg", "pytest-timeout>=2.3"),
    ("package.json", '"async-timeout": "4.0"'),
    ("package.json", '"timeout": "1.2.3"'),
    ("pyproject.toml", 'test = ["pytest-timeout>=2.3"]'),
    ("a.py", "if timeout == 30:"),
    ("a.py", "timeouts = 3"),
    ("a.py", "timeout = None"),
    ("a.py", "timeout = 60 * factor"),
    ("a.py", "timeout=0"),
    ("test.sh", "timeout 0 cmd"),
    ("test.sh", 'timeout "$WATCHDOG" cmd'),
    ("test.sh", 'if [ "$timeout" = 30 ]; then'),
    ("test.sh", "ulimit -v 60"),
    ("test.sh", "exit 124"),
    ("a.py", "timeout(30)"),
]


@pytest.mark.parametrize(("file", "line", "seconds", "style"), FOUND)
def test_a_deadline_is_found(file: str, line: str, seconds: float, style: Style) -> None:
    """Each way to write a deadline gives its seconds, and the position of its value."""
    (found,) = deadlines_in(f"first\n{line}\n", file)
    assert (found.seconds, found.style, found.line) == (pytest.approx(seconds), style, 2)
    assert line[found.column :].startswith(found.value)
    assert found.text in line


@pytest.mark.parametrize(("file", "line"), NOT_FOUND)
def test_what_is_no_deadline_is_passed_over(file: str, line: str) -> None:
    """Prose, comments, versions, timers and comparisons are not deadlines."""
    assert deadlines_in(line, file) == []


def test_several_on_one_line_come_in_order() -> None:
    """Two deadlines on one line are both found."""
    found = deadlines_in("timeout 600 pytest --timeout=30 -q", "test.sh")
    assert [(d.seconds, d.style) for d in found] == [(600, Style.COMMAND), (30, Style.OPTION)]


@pytest.mark.parametrize(
    ("file", "line", "seconds", "written"),
    [
        ("test.sh", "timeout 180 cmd", 300, "300"),
        ("test.sh", "timeout 2m cmd", 300, "5m"),
        ("test.sh", "timeout 2m cmd", 90, "90s"),
        ("ci.yml", "timeout-minutes: 40", 300, "5"),
        (".gitlab-ci.yml", "timeout: 3 hours 30 minutes", 300, "5 minutes"),
        ("a.go", "Timeout: 5 * time.Minute,", 90, "90 * time.Second"),
        ("jest.config.js", "testTimeout: 30000", 300, "300000"),
    ],
)
def test_another_value_is_written_in_the_same_form(
    file: str, line: str, seconds: float, written: str
) -> None:
    """A recommended value has the unit that the file uses."""
    (found,) = deadlines_in(line, file)
    assert found.written(seconds) == written


def test_a_long_line_takes_no_time() -> None:
    """A minified line of 200,000 letters is read in linear time."""
    line = "timeout" + "a" * 100_000 + "-timeout" * 10_000 + " = x"
    assert deadlines_in(line, "a.min.js") == []
