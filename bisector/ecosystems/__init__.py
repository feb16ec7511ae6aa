"""Lock files by ecosystem: what a commit bumps, a mix of old and new versions, and the releases in between.

This package knows no hunt. Plug-ins are found in the entry-point group `bisector.ecosystems`.
"""

from bisector.ecosystems.client import Client
from bisector.ecosystems.contract import (
    Answer,
    Ask,
    Bump,
    ClientFault,
    Ecosystem,
    Files,
    LockFileFault,
    NotSupported,
    NotWritten,
)
from bisector.ecosystems.finding import bumps_between, ecosystem_named, ecosystem_of, is_read

__all__ = [
    "Answer",
    "Ask",
    "Bump",
    "Client",
    "ClientFault",
    "Ecosystem",
    "Files",
    "LockFileFault",
    "NotSupported",
    "NotWritten",
    "bumps_between",
    "ecosystem_named",
    "ecosystem_of",
    "is_read",
]
