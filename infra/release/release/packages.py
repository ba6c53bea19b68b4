"""The crates that a release links: what `cargo metadata` says, without what only builds or tests need."""

import hashlib
import json
import pathlib
import subprocess
import tomllib

from .cargo import TARGETS
from .workspace import ROOT


class Packages:
    """The packages that some of the workspace's packages link for one architecture."""

    def __init__(self, architecture, roots):
        command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", TARGETS[architecture]]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        metadata = json.loads(done.stdout)
        self._by_id = {each["id"]: each for each in metadata["packages"]}
        self._nodes = {each["id"]: each for each in metadata["resolve"]["nodes"]}
        members = {self._by_id[each]["name"]: each for each in metadata["workspace_members"]}
        self.roots = sorted(members[name] for name in roots)
        self._linked = self._reachable()

    def _reachable(self):
        found, pending = set(), list(self.roots)
        while pending:
            if (each := pending.pop()) not in found:
                found.add(each)
                pending += self.dependencies(each)
        return found

    def dependencies(self, package):
        """Returns the ids of the packages that a package links directly, without macros, which run at build time."""
        normal = [each["pkg"] for each in self._nodes[package]["deps"]
                  if any(kind["kind"] is None for kind in each["dep_kinds"])]  # fmt: skip
        return sorted(each for each in normal if not _is_macro(self._by_id[each]))

    def names(self, ids):
        """Returns names with versions, which say the same on every machine, unlike the ids."""
        return sorted(f"{self._by_id[each]['name']}@{self._by_id[each]['version']}" for each in ids)

    def linked(self):
        """Returns all linked packages as `cargo metadata` describes them, sorted."""
        return sorted((self._by_id[each] for each in self._linked), key=lambda each: (each["name"], each["version"]))

    def third_party(self):
        """Returns the linked packages that come from a registry."""
        return [each for each in self.linked() if each["source"]]


def checksums():
    """Returns the SHA-256 of each package's download by name and version, from Cargo.lock."""
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    return {(each["name"], each["version"]): each.get("checksum") for each in lock["package"]}


def licence_files(package):
    """Returns the texts of a package's licences and notices by their paths in it."""
    directory = pathlib.Path(package["manifest_path"]).parent
    names = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")
    found = [each for each in sorted(directory.rglob("*")) if each.is_file() and each.name.upper().startswith(names)]
    texts = [each for each in found if each.suffix not in (".rs", ".json", ".toml", ".html")]
    return {str(each.relative_to(directory)): each.read_text(errors="replace").strip() for each in texts}


def digest(contents):
    """Returns the SHA-256 of bytes, in hex."""
    return hashlib.sha256(contents).hexdigest()


def _is_macro(package):
    return any("proc-macro" in target["kind"] for target in package["targets"])
