"""YAML -> typed hunt; every error names file, line, key and the fix."""

from bisector.hunt_file.fields import AUTO
from bisector.hunt_file.finding import find, shipped, usual
from bisector.hunt_file.judging import Budget, Pairs, PredicateChoice, Premise
from bisector.hunt_file.loading import build, load, options_refused, setting
from bisector.hunt_file.machine import Quiet
from bisector.hunt_file.model import Hunt, json_schema
from bisector.hunt_file.origin import OPTIONS
from bisector.hunt_file.overlay import CherryPick, Copy, Edit, Patch, Place
from bisector.hunt_file.work import Build, Environment, Test

__all__ = [
    "AUTO",
    "OPTIONS",
    "Budget",
    "Build",
    "CherryPick",
    "Copy",
    "Edit",
    "Environment",
    "Hunt",
    "Pairs",
    "Patch",
    "Place",
    "PredicateChoice",
    "Premise",
    "Quiet",
    "Test",
    "build",
    "find",
    "json_schema",
    "load",
    "options_refused",
    "setting",
    "shipped",
    "usual",
]
