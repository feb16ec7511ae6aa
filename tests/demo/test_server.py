"""The server's protocol and language, in a real build of the baseline."""

from __future__ import annotations

import subprocess

import pytest

from .conftest import SERVER, Maker


@pytest.fixture(scope="module")
def server(made: Maker) -> str:
    """The path of a good server."""
    return str(made("none").built("baseline").root / SERVER)


def answers(server: str, text: str) -> list[str]:
    """The lines that the server prints for an input."""
    done = subprocess.run([server], input=text, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.splitlines()


def value(server: str, form: str) -> str:
    """The payload, or the error line, in the answer to a single form."""
    return answers(server, f"(epoch 1)\n{form}\n")[-1]


def test_an_answer_has_its_epoch_and_its_length_in_bytes(server: str) -> None:
    """The marker counts bytes, not characters."""
    assert answers(server, '(epoch 41)\n"aé"\n(epoch 7) (+ 1 2)') == [
        "(ok-len 41 5)",
        '"aé"',
        "(ok-len 7 1)",
        "3",
    ]


def test_an_error_is_answered_and_the_next_epoch_goes_on(server: str) -> None:
    """An error of evaluation or syntax ends the form, not the server."""
    lines = answers(server, '(epoch 1)\n(first 3)\n(epoch 2)\n)\n(epoch 3)\n(no-such)\n(epoch 4)\n"on"\n')
    assert lines[0] == '(error 1 "first: wrong type of argument: 3")'
    assert lines[1].startswith('(error 2 "syntax: ')
    assert lines[2].startswith('(error 3 "')
    assert lines[3:] == ["(ok-len 4 4)", '"on"']


def test_it_answers_before_more_input_comes(server: str) -> None:
    """A client on a pipe gets an answer for each form."""
    with subprocess.Popen([server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        process.stdin.write("(epoch 1)\n(* 6 7)")
        process.stdin.flush()
        assert [process.stdout.readline(), process.stdout.readline()] == ["(ok-len 1 2)\n", "42\n"]
        process.stdin.close()


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("(begin (define (loop n) (if (= n 0) 'done (loop (- n 1)))) (loop 1000000))", "done"),
        ("(let ((n 0)) (define (inc) (set! n (+ n 1)) n) (inc) (inc))", "2"),
        ("(((fn (x) (fn (y) (list x y))) 1) 2)", "(1 2)"),
        ("((fn (a &rest more) more) 1 2 3)", "(2 3)"),
        ("(guard (e (list 'caught e)) (+ 1 (raise 'oops)))", "(caught oops)"),
        ("(guard (e e) ((fn (x) (first x)) 3))", '"first: wrong type of argument: 3"'),
        ("(handle (fn (op v k) (k (* v 2))) (+ 1 (perform 'ask 20)))", "41"),
        ("(+ 1 v)", '(error 1 "unbound name: v")'),
        ("(handle (fn (op v k) (list (k 1) (k 2))) (* 10 (+ 3 (perform 'ask 5))))", "(40 50)"),
        ("((fn () (handle (fn (op v k) 'left) (+ 1 (perform 'stop 0)))))", "left"),
        ("(perform 'ask 1)", '(error 1 "no handler for ask")'),
        ("(cond (false 1) ((and true nil) 2) ((or nil 3) 4) (else 5))", "4"),
        ("(let* ((a 1) (b (+ a 1))) (* a b 1))", '(error 1 "*: wrong number of arguments")'),
        ("(define car first)", "car"),
        ("(define first 1)", '(error 1 "the primitive first cannot be redefined")'),
        ("(> (clock-milliseconds) 1600000000000)", "true"),
    ],
)  # fmt: skip
def test_the_language(server: str, form: str, expected: str) -> None:
    """Tail calls, closures, guards, resumable frames and primitives work."""
    assert value(server, form) == expected


def test_a_body_is_compiled_once(server: str) -> None:
    """Calls of one lambda share its code, in every closure."""
    lines = answers(
        server,
        "(define (make n) (fn () n)) (define before (jit-compiles))"
        "(list ((make 1)) ((make 2)) ((make 3))) (- (jit-compiles) before)",
    )
    assert lines[-1] == "2"


def test_higher_order_forms_come_with_the_prelude(made: Maker, server: str) -> None:
    """map, filter, reduce and range work on loaded definitions."""
    prelude = made("none").built("baseline").root / "spec/prelude.sx"
    form = "(reduce + 0 (map (fn (x) (* x x)) (filter (fn (x) (< x 4)) (range 0 10))))"
    assert answers(server, f'(epoch 1)\n(load "{prelude}")\n(epoch 2)\n{form}\n')[-2:] == [
        "(ok-len 2 2)",
        "14",
    ]


def test_version_and_counters(server: str) -> None:
    """--version names the server, and --stats prints counters to stderr."""
    assert subprocess.check_output([server, "--version"], text=True).startswith("sx_server 0.")
    done = subprocess.run([server, "--stats"], input="(+ 1 2)", capture_output=True, text=True, check=True)
    assert "counter jit-compiles 0\n" in done.stderr
    assert "counter allocated-words " in done.stderr


def test_perf_smoke_prints_four_benchmarks(made: Maker) -> None:
    """The plan's micro-benchmarks, each with its milliseconds."""
    root = made("none").built("baseline").root
    out = subprocess.check_output(["bash", "scripts/perf-smoke.sh"], cwd=root, text=True)
    rows = [line.split() for line in out.splitlines()]
    assert [name for name, _ in rows] == ["bench-fib", "bench-let-chain", "bench-map-sq", "bench-tail-loop"]
    assert all(int(ms) >= 0 for _, ms in rows)
