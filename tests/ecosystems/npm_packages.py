"""Tiny npm packages, and the pages of a registry that has them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any

Packages = Mapping[tuple[str, str], Mapping[str, Any]]
"""The fields of `package.json` besides name and version, by name and version."""


def tarball(name: str, version: str, fields: Mapping[str, Any]) -> bytes:
    """The package as npm packs it; the same bytes each time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        document = {"name": name, "version": version, **fields}
        for path, text in (
            ("package/package.json", json.dumps(document)),
            ("package/index.js", f"module.exports = {version!r}\n"),
        ):
            info = tarfile.TarInfo(path)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(buffer.getvalue(), mtime=0)


def integrity(content: bytes) -> str:
    """The hash of a tarball as lock files have it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def registry(packages: Packages, address: str) -> dict[str, tuple[str, bytes]]:
    """The pages of a registry at this address."""
    pages: dict[str, tuple[str, bytes]] = {}
    for name in {name for name, _ in packages}:
        versions: dict[str, Any] = {}
        for (one, version), fields in packages.items():
            if one == name:
                content = tarball(name, version, fields)
                path = f"/{name}/-/{name}-{version}.tgz"
                pages[path] = ("application/octet-stream", content)
                dist = {"tarball": address + path, "integrity": integrity(content)}
                versions[version] = {"name": name, "version": version, **fields, "dist": dist}
        document = {"name": name, "dist-tags": {"latest": [*versions][-1]}, "versions": versions}
        pages[f"/{name}"] = ("application/json", json.dumps(document).encode())
    return pages
