"""The `diagnose` section of the sample history's hunt files: the plan's six hypotheses."""

from __future__ import annotations

from importlib.resources import files as resource_files

from bisector.demo.guests import script

PATCH = "jit-counters.patch"
"""The name of the patch that counts compilations; it is beside the hunt file."""

_DIAGNOSE = r"""
diagnose:
  evidence:
    - ocaml_gc
    - counters
    - name: patched_counters
      patch: {patch}
      pattern: '^diagnose (\S+) (\d+)$'
    - times
    - output_size
    - changed_files
    - system_calls
    - name: profile
      reduced: sed -i 's/(define workload .*)/(define workload 1)/' lib/guest/harness.sx && bash {script}
  hypotheses:
    - name: env-as-value churn
      expect: env-copied-bindings ratio > 10
    - name: JIT cache miss
      expect: compilations ratio > 10 and lambdas-compiled ratio < 2
    - name: frame snapshot deep-copy
      expect: snapshot-frames ratio > 10
    - name: lazy JIT bypassed
      expect: jit-fallbacks ratio > 10
    - name: type-check overhead
      expect: type-checks ratio > 10
    - name: frames as lists
      expect: frame-list-cells ratio > 10
"""


def section(guest: str) -> str:
    """The section `diagnose` of a guest's hunt file."""
    return _DIAGNOSE.format(patch=PATCH, script=script(guest))


def patch_text() -> str:
    """The patch."""
    return (resource_files("bisector.demo") / PATCH).read_text(encoding="utf-8")
