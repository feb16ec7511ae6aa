"""Lines of real programs that ran out of memory, or of stack, as they printed them.

Each was provoked on Linux: by the option named, or by `ulimit -v`, which makes ENOMEM of any large request.
"""

from __future__ import annotations

MEMORY = [
    ("OCaml", "4.13.1 native, ulimit -v", "Fatal error: exception Out_of_memory"),
    ("OCaml", "4.13.1 native with Printexc, ulimit -v", "Fatal error: exception Out of memory"),
    ("OCaml", "4.13.1 toplevel, ulimit -v", "Out of memory during evaluation."),
    (
        "Node",
        "20.20.2 --max-old-space-size",
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    ),
    (
        "V8",
        "Node 20.20.2, ulimit -v",
        "# Fatal process OOM in Failed to reserve virtual memory for CodeRange",
    ),
    ("V8", "Node 20.20.2, new ArrayBuffer(2**40)", "RangeError: Array buffer allocation failed"),
    (
        "JVM",
        "OpenJDK 17.0.15 -Xmx20m",
        'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space',
    ),
    (
        "JVM",
        "OpenJDK 17.0.15 -XX:+ExitOnOutOfMemoryError",
        "Terminating due to java.lang.OutOfMemoryError: Java heap space",
    ),
    (
        "JVM",
        "OpenJDK 17.0.15 -XX:+CrashOnOutOfMemoryError",
        "Aborting due to java.lang.OutOfMemoryError: Java heap space",
    ),
    ("JVM", "OpenJDK 17.0.15 -Xmx4g, ulimit -v", "Could not reserve enough space for 4194304KB object heap"),
    (
        "JVM",
        "OpenJDK 17.0.15, ulimit -v",
        "[0.004s][warning][gc] Failed to reserve memory for new overflow mark stack with 4096 chunks and "
        "size 33554432B.",
    ),
    ("Go", "1.19.8, ulimit -v", "fatal error: out of memory"),
    (
        "Go",
        "1.19.8, ulimit -v",
        "runtime: out of memory: cannot allocate 12582912-byte block (331153408 in use)",
    ),
    ("Go", "1.19.8, a slice of 2^45 bytes", "fatal error: runtime: out of memory"),
    ("Rust", "1.95.0, ulimit -v", "memory allocation of 10000000 bytes failed"),
    ("C++", "g++ 12, ulimit -v", "terminate called after throwing an instance of 'std::bad_alloc'"),
    ("Python", "3.11, ulimit -v", "MemoryError"),
    (
        "Python",
        "NumPy 2, ulimit -v",
        "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 8.00 PiB for an array with shape "
        "(1125899906842624,) and data type float64",
    ),
    ("libc", "glibc 2.36 perror, ulimit -v", "malloc: Cannot allocate memory"),
    ("libc", "Python 3.11, mmap of 2^46 bytes", "OSError: [Errno 12] Cannot allocate memory"),
    ("libc", "PHP 8.2, ulimit -v", "mmap() failed: [12] Cannot allocate memory"),
    ("libc", "g++ 12 (cc1plus), ulimit -v", "virtual memory exhausted: Cannot allocate memory"),
    ("gnulib", "sort 9.1, ulimit -v", "sort: memory exhausted"),
    (
        "gnulib",
        "dd 9.1, ulimit -v",
        "dd: memory exhausted by input buffer of size 1073741824 bytes (1.0 GiB)",
    ),
    ("bash", "5.2, ulimit -v", "bash: xrealloc: cannot allocate 33554560 bytes"),
    ("git", "2.39.5, ulimit -v", "fatal: Out of memory, realloc failed"),
    ("Perl", "5.36, ulimit -v", "Out of memory!"),
    (
        "PHP",
        "8.2 -d memory_limit=20M",
        "PHP Fatal error:  Allowed memory size of 20971520 bytes exhausted (tried to allocate 2097152 bytes) "
        "in Command line code on line 1",
    ),
    ("Ruby", "3.1, ulimit -v", "-e: failed to allocate memory (NoMemoryError)"),
    ("GHC", "9.0 +RTS -M20m", "g_hs: Heap exhausted;"),
    ("GHC", "9.0, ulimit -v", "g_hs: out of memory"),
    (
        "Erlang",
        "OTP 25, ulimit -v",
        'eheap_alloc: Cannot allocate 367904368 bytes of memory (of type "heap").',
    ),
    ("Lua", "5.4, ulimit -v", "lua5.4: not enough memory"),
]
"""The runtime, its version and what provoked the line, the line."""

NOT_PROVOKED = [
    (".NET", "Unhandled exception. System.OutOfMemoryException: Array dimensions exceeded supported range."),
    ("C++", "libc++abi: terminating due to uncaught exception of type std::bad_alloc: std::bad_alloc"),
    ("JVM", "# There is insufficient memory for the Java Runtime Environment to continue."),
    ("libc", "malloc: Out of memory"),
    ("libiberty", "cc1plus: out of memory allocating 65536 bytes after a total of 403456 bytes"),
    ("LLVM", "rustc: LLVM ERROR: out of memory"),
    ("MSVC", "big.cpp(1): fatal error C1060: compiler is out of heap space"),
]
"""Lines as the sources and manuals of their runtimes have them, which no program printed for this list."""

STACK = [
    ("OCaml", "4.13.1 native", "Fatal error: exception Stack_overflow"),
    ("V8", "Node 20.20.2", "RangeError: Maximum call stack size exceeded"),
    ("JVM", "OpenJDK 17.0.15", 'Exception in thread "main" java.lang.StackOverflowError'),
    ("Go", "1.19.8", "runtime: goroutine stack exceeds 1000000000-byte limit"),
    ("Go", "1.19.8", "fatal error: stack overflow"),
    ("Rust", "1.95.0", "thread 'main' (5852) has overflowed its stack"),
    ("Python", "3.11", "RecursionError: maximum recursion depth exceeded"),
    ("Ruby", "3.1", "-e:1:in `f': stack level too deep (SystemStackError)"),
    ("Lua", "5.4", "lua5.4: (command line):1: stack overflow"),
    ("GHC", "9.0 +RTS -K1m", "gs_hs: Stack space overflow: current size 33624 bytes."),
]

TALK = [
    "test_out_of_memory ... ok",
    "PASS: handles Out_of_memory",
    "checks that the server logs: out of memory",
    "caught as expected: java.lang.OutOfMemoryError: Requested array size exceeds VM limit",
    "expect(fn).toThrow('JavaScript heap out of memory')",
    "assertRaises(MemoryError)",
    "the memory limit is 20 MB",
    "ok 12 - bad_alloc is thrown",
    "stack overflow is detected",
]
"""Lines of tests that write about memory, and are no message of a runtime."""
