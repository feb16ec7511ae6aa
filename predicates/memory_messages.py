"""What runtimes and compilers print when they end because memory, or the stack, is full.

One line of the table per message. Each pattern begins where the runtime's line begins, so that a test that
only writes about memory does not match. `source` names the place in the runtime that prints the line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """A line that the runtime `of` prints when it is out of memory, and where the line comes from."""

    of: str
    pattern: str
    source: str


MEMORY = (
    Message("OCaml", r"^Fatal error: (?:exception )?Out[_ ]of[_ ]memory", "runtime/printexc.c, fail.c"),
    Message("OCaml", r"^Out of memory during evaluation", "toplevel/toploop.ml"),
    Message(
        "Node", r"^FATAL ERROR: .*(?:JavaScript heap out of memory|Allocation failed)", "src/node_errors.cc"
    ),
    Message("V8", r"^# Fatal (?:process|JavaScript) (?:OOM|out of memory)\b", "src/base/logging.cc"),
    Message(
        "V8", r"^(?:Uncaught )?RangeError: Array buffer allocation failed", "messages: kArrayBufferAlloc"
    ),
    Message(
        "JVM",
        r"^(?:Exception in thread \".*\" |Caused by: |Terminating due to |Aborting due to )?"
        r"java\.lang\.OutOfMemoryError(?!: unable to create)\b",
        "src/hotspot/share/utilities/debug.cpp",
    ),
    Message(
        "JVM", r"^# There is insufficient memory for the Java Runtime Environment", "utilities/vmError.cpp"
    ),
    Message("JVM", r"^Could not reserve enough space for .*heap", "src/hotspot/share/memory/universe.cpp"),
    Message("JVM", r"^\[[\d.]+s\]\[\w+\]\[gc\] Failed to reserve memory", "gc/g1/g1ConcurrentMark.cpp"),
    Message(
        "Go",
        r"^(?:fatal error: )?runtime: (?:out of memory|cannot allocate memory)|^fatal error: out of memory",
        "src/runtime/malloc.go, mem_linux.go",
    ),
    Message("Rust", r"^memory allocation of \d+ bytes failed", "library/std/src/alloc.rs"),
    Message(
        "C++",
        r"^(?:libc\+\+abi: )?terminat(?:e called after throwing an instance|ing (?:due to|with) uncaught "
        r"exception) of (?:type )?'?std::bad_alloc\b",
        "libstdc++ vterminate.cc, libc++abi cxa_default_handlers.cpp",
    ),
    Message("Python", r"^(?:E +)?(?:[\w.]+\.)?(?:_Array)?MemoryError(?::|$)", "Python/pythonrun.c"),
    Message(
        "libc",
        r"(?:^|[:\]] )Cannot allocate memory(?: \(os error 12\))?[.'\")]*$",
        "ENOMEM in glibc's strerror",
    ),
    Message("libc", r"^\S+: Out of memory$", "ENOMEM in musl's strerror"),
    Message("gnulib", r"^\S+: memory exhausted\b", "lib/xalloc-die.c"),
    Message("libiberty", r"^virtual memory exhausted\b", "xmalloc.c and cpplib, as in cc1plus"),
    Message("libiberty", r"\bout of memory allocating \d+ bytes", "libiberty/xmalloc.c, as in cc1plus"),
    Message("LLVM", r"^(?:\S+: )?LLVM ERROR: out of memory", "llvm/lib/Support/ErrorHandling.cpp"),
    Message("MSVC", r"\bfatal error C1060: compiler is out of heap space", "documented error C1060"),
    Message("bash", r"\bx(?:m|re)alloc: .*cannot allocate \d+ bytes", "xmalloc.c"),
    Message("git", r"^fatal: Out of memory, \w+ failed", "wrapper.c"),
    Message("Perl", r"^Out of memory(?:!|\sin\sperl:)", "perl.h, PL_no_mem"),
    Message("PHP", r"\bAllowed memory size of \d+ bytes exhausted", "Zend/zend_alloc.c"),
    Message("PHP", r"^(?:PHP )?Fatal error: +Out of memory \(allocated", "Zend/zend_alloc.c"),
    Message("Ruby", r"\bfailed to allocate memory(?: \(NoMemoryError\)|$)", "gc.c, rb_memerror"),
    Message(
        ".NET",
        r"^(?:Unhandled exception\. | *---> )?System\.OutOfMemoryException\b",
        "System.Private.CoreLib, class OutOfMemoryException",
    ),
    Message("GHC", r"^\S+: (?:Heap exhausted;|heap overflow|out of memory)", "rts/RtsFlags.c, hooks"),
    Message("Erlang", r"\b\w+_alloc: Cannot (?:re)?allocate \d+ bytes of memory", "erts erl_alloc.c"),
    Message("Lua", r"^(?:lua\S*|\S+/lua\S*): not enough memory$", "ldo.c, MEMERRMSG"),
)
"""Messages of a program that ran out of memory."""

STACK = (
    Message("OCaml", r"^Fatal error: exception Stack[_ ]overflow", "runtime/printexc.c, fail.c"),
    Message("OCaml", r"^Stack overflow during evaluation", "toplevel/toploop.ml"),
    Message("V8", r"^(?:Uncaught )?RangeError: Maximum call stack size exceeded", "messages: kStackOverflow"),
    Message(
        "JVM",
        r"^(?:Exception in thread \".*\" |Caused by: )?java\.lang\.StackOverflowError\b",
        "class StackOverflowError",
    ),
    Message(
        "Go",
        r"^runtime: goroutine stack exceeds \d+-byte limit|^fatal error: stack overflow",
        "src/runtime/stack.go",
    ),
    Message("Rust", r"^thread '.*'(?: \(\d+\))? has overflowed its stack", "sys/pal/unix/stack_overflow.rs"),
    Message("Python", r"^(?:E +)?RecursionError: maximum recursion depth exceeded", "Python/ceval.c"),
    Message("Ruby", r"\bstack level too deep \(SystemStackError\)", "vm_insnhelper.c"),
    Message("Lua", r"^lua\S*: .*\bstack overflow", "ldo.c, luaD_growstack"),
    Message(".NET", r"^(?:Process is terminating due to StackOverflow|Stack overflow\.)", "eepolicy.cpp"),
    Message("PHP", r"\bMaximum call stack size of \d+ bytes", "Zend/zend_call_stack.c, from 8.3"),
    Message("GHC", r"^(?:\S+: )?(?:stack overflow$|Stack space overflow)", "rts/RtsFlags.c, hooks"),
)
"""Messages of a program whose stack is full, which is not the memory that a limit counts."""


_WORDS = "emory|alloc|eap|OOM|tack|recursion"
"""Each message has one of these. A line without them, as most are, takes microseconds to reject."""

_AT_THE_START, _ANYWHERE = (
    "|".join(f"(?:{one.pattern})" for one in (*MEMORY, *STACK) if one.pattern.startswith("^") is at_the_start)
    for at_the_start in (True, False)
)

LINE = f"^(?=.*(?:{_WORDS}))(?:{_AT_THE_START}|.*?(?:{_ANYWHERE}))"
"""One regular expression for all messages, since each line of the output is compared with it."""


def runtime_of(line: str, messages: Sequence[Message]) -> str:
    """The runtime that prints `line` as one of these messages; empty if none does."""
    return next((message.of for message in messages if re.search(message.pattern, line)), "")
