"""The licences of everything that a release links, with each text once."""

import textwrap

from .packages import licence_files

HEADER = "This release contains the following software, under the licenses below.\n"
STANDARD_LIBRARY = "The Rust standard library is licensed under MIT OR Apache-2.0. Copyright (c) The Rust Project Contributors."


def notices(packages):
    """Returns the list of packages, and then each text with the packages that it belongs to."""
    texts, lines = {}, []
    for package in packages.third_party():
        name = f"{package['name']} {package['version']}"
        files = licence_files(package)
        authors = f" by {', '.join(package['authors'])}" if package["authors"] and not files else ""
        lines.append(f"- {name}: {package['license'] or package['license_file']}{authors}")
        for text in files.values():
            texts.setdefault(text, set()).add(name)
    sections = [_section(text, sorted(names)) for text, names in sorted(texts.items(), key=lambda each: sorted(each[1]))]
    return "\n".join([HEADER, *lines, "", STANDARD_LIBRARY, *sections, ""])


def _section(text, names):
    wrapped = "\n".join(textwrap.wrap(", ".join(names), 100, break_long_words=False, break_on_hyphens=False))
    return f"\n{'=' * 100}\n{wrapped}\n{'=' * 100}\n\n{text}"
