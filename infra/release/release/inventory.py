"""The software bill of materials, in CycloneDX 1.6."""

import datetime

from .packages import checksums
from .workspace import committed_at, version


def bill_of_materials(packages, compiler):
    """Returns the document: each function with what it links, directly and transitively."""
    sums = checksums()
    components = [_component(each, sums) for each in packages.linked()]
    components.append(_standard_library(compiler))
    edges = [_edge(packages, each["id"], packages.dependencies(each["id"])) for each in packages.linked()]
    product = {"type": "application", "bom-ref": "vestibule", "name": "vestibule", "version": version()}
    built = datetime.datetime.fromtimestamp(committed_at(), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": built, "component": product},
        "components": components,
        "dependencies": [{"ref": "vestibule", "dependsOn": packages.names(packages.roots)}, *edges],
    }


def _edge(packages, package, dependencies):
    return {"ref": packages.names([package])[0], "dependsOn": packages.names(dependencies)}


def _component(package, sums):
    name, number = package["name"], package["version"]
    found = {
        "type": "library" if package["source"] else "application",
        "bom-ref": f"{name}@{number}",
        "name": name,
        "version": number,
        "licenses": [{"expression": (package["license"] or "").replace("/", " OR ")}],
    }
    if package["source"]:
        found["purl"] = f"pkg:cargo/{name}@{number}"
        found["hashes"] = [{"alg": "SHA-256", "content": sums[name, number]}]
    return found


def _standard_library(compiler):
    licence = [{"expression": "MIT OR Apache-2.0"}]
    return {"type": "library", "bom-ref": "std", "name": "std", "version": compiler, "licenses": licence}
