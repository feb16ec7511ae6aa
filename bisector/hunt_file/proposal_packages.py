"""Detects JavaScript, Ruby and PHP projects, and proposes how to install their packages once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from bisector.hunt_file.proposal_tree import NETWORK, Found, Install, Tree, folder_of, within


def javascript(tree: Tree) -> Found | None:
    """JavaScript: package.json with a test script; npm, pnpm or yarn by their lock file."""
    manifest = tree.nearest("package.json")
    if manifest is None or "node_modules/" in manifest:
        return None
    folder, document = folder_of(manifest), _document(tree.read(manifest))
    scripts = {str(name): str(command) for name, command in _part(document, "scripts").items()}
    if "no test specified" in scripts.get("test", "no test specified") and not tree.is_tested:
        return None
    tool, command, lock = _javascript_tool(tree, folder)
    # Each package of a workspace may have a node_modules of its own.
    is_workspace = "workspaces" in document or tree.has(within(folder, "pnpm-workspace.yaml")[0])
    setup = None
    if lock and not is_workspace:
        files = ("package.json", *lock)
        setup = Install(command, within(folder, *files), within(folder, "node_modules"))
    steps = [*([] if setup else [command]), *([f"{tool} run build"] if "build" in scripts else [])]
    return Found(
        tool,
        manifest,
        test=f"{tool} test",
        folder=folder,
        test_folder=folder,
        setup=setup,
        build=" && ".join(steps) or None,
        identity="node --version",
        build_notes=() if setup else ("Installs the packages of each commit.",),
        variables=("NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "NPM_CONFIG_REGISTRY", *NETWORK),
        test_notes=(f"package.json: {''.join(filter(str.isprintable, scripts.get('test', '')))[:80]}",),
    )


def _javascript_tool(tree: Tree, folder: str) -> tuple[str, str, tuple[str, ...]]:
    """The tool, its command to install, and its lock file if what it installs is only in node_modules."""
    if tree.has(within(folder, "pnpm-lock.yaml")[0]):
        return "pnpm", "pnpm install --frozen-lockfile", ("pnpm-lock.yaml",)
    if tree.has(within(folder, "yarn.lock")[0]):
        (settings,) = within(folder, ".yarnrc.yml")
        if not tree.has(settings):
            return "yarn", "yarn install --frozen-lockfile", ("yarn.lock",)
        in_folder = re.search(r"^nodeLinker:\s*['\"]?node-modules", tree.read(settings), re.MULTILINE)
        return "yarn", "yarn install --immutable", ("yarn.lock", ".yarnrc.yml") if in_folder else ()
    for lock in ("package-lock.json", "npm-shrinkwrap.json"):
        if tree.has(within(folder, lock)[0]):
            return "npm", "npm ci", (lock,)
    return "npm", "npm install --no-audit --no-fund", ()


def ruby(tree: Tree) -> Found | None:
    """Ruby: Gemfile.lock, with specs or a Rakefile."""
    if not tree.has("Gemfile") or not tree.has("Gemfile.lock"):
        return None
    has_specs = any(re.fullmatch(r"spec/.*_spec\.rb", file) for file in tree.files)
    if not has_specs and not tree.has("Rakefile") and not tree.is_tested:
        return None
    specifications = [file for file in tree.files if re.fullmatch(r"[^/]+\.gemspec", file)]
    return Found(
        "bundler",
        "Gemfile.lock",
        test="bundle exec rspec" if has_specs else "bundle exec rake test",
        setup=Install("bundle install", ("Gemfile", "Gemfile.lock", *specifications), ("vendor/bundle",)),
        environment={"BUNDLE_PATH": "vendor/bundle", "BUNDLE_FROZEN": "true"},
        environment_note="Where bundler installs and looks for gems.",
        variables=("GEM_HOME", "GEM_PATH", *NETWORK),
        test_notes=("One file: bundle exec rspec FILE.",) if has_specs else (),
    )


def php(tree: Tree) -> Found | None:
    """PHP: composer.json with PHPUnit."""
    if not tree.has("composer.json") or not tree.has("composer.lock"):
        return None
    document = _document(tree.read("composer.json"))
    if not tree.is_tested and not any("phpunit" in name for name in _part(document, "require-dev")):
        return None
    command = "composer install --no-interaction --no-progress"
    # A class map lists the project's own sources, so it belongs to each commit.
    has_map = any("classmap" in _part(document, part) for part in ("autoload", "autoload-dev"))
    return Found(
        "composer",
        "composer.json",
        test="vendor/bin/phpunit",
        setup=None if has_map else Install(command, ("composer.json", "composer.lock"), ("vendor",)),
        build=command if has_map else None,
        build_notes=("For each commit, because the class map lists its sources.",) if has_map else (),
        variables=("COMPOSER_HOME", "COMPOSER_CACHE_DIR", *NETWORK),
        test_notes=("One test: vendor/bin/phpunit --filter NAME.",),
    )


def _document(text: str) -> Mapping[str, Any]:
    """A JSON object; empty for any other text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _part(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under a key; empty for any other value."""
    found = document.get(key)
    return found if isinstance(found, dict) else {}
