"""Writes the files of a release. The same inputs give the same bytes."""

import json
import pathlib
import shutil
import subprocess
import zipfile

from . import inventory, notices, template
from .cargo import OPERATORS_COMMAND
from .packages import Packages, digest
from .workspace import ROOT, version

COPIED = pathlib.Path(__file__).resolve().parents[1] / "folder"
LICENCES = ("LICENSE-APACHE", "LICENSE-MIT")
CHECKSUMS = "SHA256SUMS"
EXECUTABLE = 0o755


def write(folder, architecture, functions, binaries):
    """Writes a release to an empty folder. `functions` has the binary of each function by logical id, and `binaries` the
    path of each binary by name."""
    (folder / "functions").mkdir(parents=True)
    for each in sorted(COPIED.iterdir()):
        shutil.copy(each, folder / each.name)
    for name in LICENCES:
        shutil.copy(ROOT / name, folder / name)
    for name, path in sorted(binaries.items()):
        if name in OPERATORS_COMMAND:
            shutil.copy(path, folder / name)
        else:
            write_zip(folder / "functions" / f"{name}.zip", path.read_bytes())
    (folder / "VERSION").write_text(f"{version()}\n")
    (folder / "ARCHITECTURE").write_text(f"{architecture}\n")
    (folder / "template.yaml").write_text(template.packaged(architecture, functions))
    packages = Packages(architecture, [OPERATORS_COMMAND.get(name, name) for name in binaries])
    bill = inventory.bill_of_materials(packages, _compiler())
    (folder / "sbom.cdx.json").write_text(json.dumps(bill, indent=1) + "\n")
    (folder / "THIRD-PARTY-NOTICES.txt").write_text(notices.notices(packages))
    (folder / CHECKSUMS).write_text(checksums(folder))


def write_zip(path, bootstrap):
    """Writes a function's package. Its dates and permissions do not depend on the machine."""
    entry = zipfile.ZipInfo("bootstrap", (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system, entry.external_attr = 3, (0o100000 | EXECUTABLE) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, bootstrap, compresslevel=9)


def checksums(folder):
    """Returns the lines that `sha256sum --check` reads, for all files of a release."""
    files = sorted(each.relative_to(folder) for each in folder.rglob("*") if each.is_file())
    return "".join(f"{digest((folder / each).read_bytes())}  {each}\n" for each in files if each.name != CHECKSUMS)


def _compiler():
    version = subprocess.run(["rustc", "--version"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return version.split()[1]
