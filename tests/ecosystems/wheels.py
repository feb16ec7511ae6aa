"""Tiny wheels, and a simple index that serves them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence


def wheel(name: str, version: str, requires: Sequence[str] = ()) -> bytes:
    """A wheel with one module `name`, whose VERSION is the version; the same bytes each time."""
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text)
    return buffer.getvalue()


def simple_index(wheels: Mapping[tuple[str, str], bytes]) -> dict[str, tuple[str, bytes]]:
    """The pages of an index, as pip asks for them, of wheels by name and version."""
    pages: dict[str, tuple[str, bytes]] = {}
    names = {name for name, _ in wheels}
    for name in names:
        links = []
        for (one, version), content in wheels.items():
            if one == name:
                file = f"{name}-{version}-py3-none-any.whl"
                pages[f"/files/{file}"] = ("application/octet-stream", content)
                digest = hashlib.sha256(content).hexdigest()
                links.append(f'<a href="/files/{file}#sha256={digest}">{file}</a>')
        page = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>"
        pages[f"/simple/{name}/"] = ("text/html", page.encode())
    return pages


def sha256(content: bytes) -> str:
    """Its hash as requirements files have it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
