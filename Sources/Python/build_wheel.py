"""Builds the wheel: the package's files, the program as a script of the environment, the metadata of pyproject.toml, and the
licences. Needs the standard library alone. The same program and files give the same bytes.

    python3 Sources/Python/build_wheel.py FOLDER [--program FILE]

FOLDER gets the wheel. FILE is a program that examples/standalone.sh built, with LICENSES beside it; without it, one is built.
pip calls the same functions (PEP 517): `pip wheel Sources/Python`, or with `--config-settings program=FILE`.
"""
import argparse
import base64
import hashlib
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zipfile

try:
    import tomllib
except ModuleNotFoundError:  # before Python 3.11
    import tomli as tomllib

HERE = pathlib.Path(__file__).resolve().parent
STANDALONE = HERE.parent.parent / "examples" / "standalone.sh"
# Machines by their number in a program's header (ELF, e_machine).
MACHINES = {62: "x86_64", 183: "aarch64"}


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Builds the wheel into a folder and returns its file's name (PEP 517)."""
    program = (config_settings or {}).get("program")
    if program:
        return wheel(pathlib.Path(wheel_directory), pathlib.Path(program))
    with tempfile.TemporaryDirectory() as folder:
        # What is printed there belongs to a build's log; standard output is pip's.
        subprocess.run([STANDALONE, folder], check=True, stdout=sys.stderr)
        return wheel(pathlib.Path(wheel_directory), pathlib.Path(folder) / "landscape")


def build_sdist(sdist_directory, config_settings=None):
    """There is no source distribution: the program's sources are the repository's, not this folder's."""
    raise SystemExit("no source distribution of landscape-sharpness: build the wheel in the repository, Sources/Python/build.sh dist")


def wheel(folder, program):
    """Writes the wheel of a program; returns the file's name."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]
    version, tag = project["version"], f"py3-none-{platform(program)}"
    check_version(program, version)
    licences = program.parent / "LICENSES"
    if not licences.is_file():
        raise SystemExit(f"{licences}: no such file; expected it beside the program, as examples/standalone.sh writes it")
    package = project["name"].replace("-", "_")
    stem = f"{package}-{version}"
    info = f"{stem}.dist-info"

    files = {f"{package}/{file.relative_to(HERE / package)}": file.read_bytes()
             for file in (HERE / package).rglob("*") if file.suffix in (".py", ".pyi") or file.name == "py.typed"}
    if f"{package}/__init__.py" not in files:
        raise SystemExit(f"{HERE / package}: no Python package; expected an __init__.py in it")
    scripts = {f"{stem}.data/scripts/landscape": program.read_bytes()}
    texts = {
        f"{info}/METADATA": metadata(project).encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: build_wheel\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
        f"{info}/licenses/LICENSES": licences.read_bytes(),
    }
    name = f"{stem}-{tag}.whl"
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / name, {**dict(sorted(files.items())), **scripts, **texts}, executable=set(scripts), record=f"{info}/RECORD")
    return name


def platform(program):
    """The tag of the systems that a program runs on, such as manylinux_2_34_x86_64; fails where it needs more than glibc."""
    if not program.is_file():
        raise SystemExit(f"{program}: no such program")
    checked = subprocess.run([STANDALONE, "--check", program], capture_output=True, text=True)
    if checked.returncode != 0:
        raise SystemExit(checked.stderr.strip())
    glibc = re.search(r"needs glibc 2\.(\d+)", checked.stdout)
    if not glibc:
        raise SystemExit(f"{program}: expected a program that needs glibc, built without --static; {checked.stdout.strip()}")
    machine, = struct.unpack_from("<H", program.read_bytes(), 18)
    if machine not in MACHINES:
        raise SystemExit(f"{program}: for machine {machine} of ELF; expected one of {sorted(MACHINES.values())}")
    return f"manylinux_2_{glibc[1]}_{MACHINES[machine]}"


def check_version(program, version):
    """Fails unless the program, the package and the project have one version."""
    said = subprocess.run([program.resolve(), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    package = re.search(r'^__version__ = "(.*)"$', (HERE / "landscape_sharpness" / "__init__.py").read_text(), re.MULTILINE)
    found = {str(program): said, "landscape_sharpness/__init__.py": package[1] if package else "none", "pyproject.toml": version}
    if len(set(found.values())) > 1:
        raise SystemExit("expected one version, found " + ", ".join(f"{version} in {place}" for place, version in found.items()))


def metadata(project):
    """METADATA of the wheel: the core metadata, version 2.4, with the README as the description."""
    fields = [
        ("Metadata-Version", "2.4"), ("Name", project["name"]), ("Version", project["version"]),
        ("Summary", project["description"]), ("Keywords", ",".join(project["keywords"])),
        ("License-Expression", project["license"]),
    ]
    fields += [("License-File", file) for file in project["license-files"]]
    fields += [("Classifier", classifier) for classifier in project["classifiers"]]
    fields += [("Requires-Python", project["requires-python"])]
    fields += [("Requires-Dist", needed) for needed in project["dependencies"]]
    for extra, needs in project["optional-dependencies"].items():
        fields += [("Provides-Extra", extra)] + [("Requires-Dist", f'{needed}; extra == "{extra}"') for needed in needs]
    fields += [("Description-Content-Type", "text/markdown")]
    return "".join(f"{name}: {value}\n" for name, value in fields) + "\n" + (HERE / project["readme"]).read_text()


def write(path, contents, executable, record):
    """Writes an archive whose bytes depend on its contents alone, with the record of their digests at its end."""
    lines = []
    with zipfile.ZipFile(path, "w") as archive:
        def add(name, data):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, whose permissions follow
            entry.external_attr = (0o100755 if name in executable else 0o100644) << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED, compresslevel=9)
        for name, data in contents.items():
            add(name, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(data)}")
        add(record, "\n".join(lines + [f"{record},,", ""]).encode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--program")
    arguments = parser.parse_args()
    print(pathlib.Path(arguments.folder) / build_wheel(arguments.folder, {"program": arguments.program}))
