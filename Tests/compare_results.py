"""Compares two folders of results byte by byte, with every statement of "seconds" taken out; used by compare-results.sh."""

import csv
import io
import os
import re
import sys
import zipfile

SECONDS = re.compile(rb'"seconds"\s*:\s*[-+0-9.eE]+')
DURATION = re.compile(rb"\b\d+(?:\.\d)? s\b|\b\d+:\d\d(?::\d\d)?\b")


def plain(path):
    """What a file says, apart from the time it took; of an archive, its members."""
    content = open(path, "rb").read()
    if path.endswith((".json", ".out", ".html")):
        content = SECONDS.sub(b'"seconds":0', content)
    if path.endswith((".out", ".err", ".html")):
        content = DURATION.sub(b"0 s", content)
        # Progress lines come by the clock.
        content = b"\n".join(line for line in content.split(b"\n") if b" so far" not in line)
    if path.endswith(".csv"):
        rows = list(csv.reader(io.StringIO(content.decode())))
        timed = {i for i, name in enumerate(rows[0]) if name == "seconds"}
        content = "\n".join(",".join(x for i, x in enumerate(row) if i not in timed) for row in rows).encode()
    if path.endswith(".npz"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        content = b"".join(name.encode() + SECONDS.sub(b"", archive.read(name)) for name in sorted(archive.namelist()))
    return content


def main(old, new):
    def names(folder):
        return {os.path.relpath(os.path.join(at, name), folder) for at, _, files in os.walk(folder) for name in files}

    ours, theirs = names(old), names(new)
    wrong = [f"only in {folder}: {name}" for folder, some in ((old, ours - theirs), (new, theirs - ours)) for name in sorted(some)]
    wrong += [f"differs: {name}" for name in sorted(ours & theirs)
              if plain(os.path.join(old, name)) != plain(os.path.join(new, name))]
    print("\n".join(wrong + [f"{len(ours & theirs)} files compared, {len(wrong)} differences"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
