"""Checks that Package.swift declares exactly what each target imports: nothing missing, nothing left over.

    python3 Tests/check_manifest.py
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What a C target of ours uses is included, not imported; these have no Swift files.
IMPORT = re.compile(r"^(?:@\w+(?:\([^)]*\))?[ \t]+)*import[ \t]+(?:(?:class|enum|func|protocol|struct|typealias|var)[ \t]+)?(\w+)", re.MULTILINE)


def names(dependency):
    """The module of a dependency as the manifest's description has it."""
    for kind in ("byName", "target", "product"):
        if kind in dependency:
            return dependency[kind][0]
    raise ValueError(dependency)


def main():
    described = subprocess.run(
        ["swift", "package", "--package-path", ROOT, "dump-package"], check=True, capture_output=True, text=True)
    package = json.loads(described.stdout)
    kinds = {target["name"]: target["type"] for target in package["targets"]}
    wrong = 0
    for target in package["targets"]:
        default = "Tests" if target["type"] == "test" else "Sources"
        folder = ROOT / (target.get("path") or f"{default}/{target['name']}")
        files = sorted(folder.rglob("*.swift"))
        if target["type"] == "system" or not files:
            continue
        imported = {name for file in files for name in IMPORT.findall(file.read_text())}
        products = {names(d) for d in target["dependencies"] if "product" in d}
        wanted = {name for name in imported if name in kinds and name != target["name"]} | (imported & products)
        # A test of a program needs it built, and imports it or not.
        declared = {names(d) for d in target["dependencies"]} - (
            {name for name, kind in kinds.items() if kind == "executable"} - imported if target["type"] == "test" else set())
        for name in sorted(wanted - declared):
            print(f"Package.swift: {target['name']} imports {name}, which its dependencies do not name")
        for name in sorted(declared - wanted):
            print(f"Package.swift: {target['name']} names {name} among its dependencies and imports it nowhere")
        wrong += len(wanted ^ declared)
    if wrong:
        return 1
    print(f"the manifest names exactly what {len(kinds)} targets import")
    return 0


if __name__ == "__main__":
    sys.exit(main())
