"""A full disk, for results, the journal and temporary files: a small file system in memory (needs root)."""

import os
import subprocess

import commands
import files
import limits
from bench import Fault, Skipped, judge

MIB = 1 << 20


def cases(bench):
    spread = bench.choose(6, 40)
    for command in limits.subjects(bench):
        for role in ("work", "output", "temporary"):
            for size in (int(4096 * 200 ** (i / (spread - 1))) for i in range(spread)):
                name = f"disk/{command.name}/{role}/{size}"
                yield name, lambda n, c=command, r=role, s=size: attack(bench, n, c, r, s)


class SmallDisk:
    """A file system of so many bytes, as long as a case lasts."""

    def __init__(self, place, size):
        self.place, self.size = place, size

    def __enter__(self):
        os.makedirs(self.place, exist_ok=True)
        if os.geteuid() != 0:
            raise Skipped("mounting a small disk needs root")
        pages = -(-self.size // 4096) * 4096
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={pages}", "tmpfs", self.place], capture_output=True, text=True
        )
        if done.returncode != 0:
            raise Skipped("a small disk cannot be mounted here")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.place], capture_output=True)


def attack(bench, name, command, role, size):
    reference = commands.reference(bench, command)
    folder = bench.folder(name)
    with SmallDisk(os.path.join(folder, "disk"), size) as disk:
        if role == "work":
            # Checkpoint, journal and results: what there is takes nearly all.
            whole = commands.copy(bench, name + "/whole")
            names = ["a.bin"]
            for file in names:
                try:
                    commands.write(os.path.join(disk.place, file), files.read_bytes(os.path.join(whole, file)))
                except OSError:
                    return
            place, words = disk.place, command.words
        else:
            place = commands.copy(bench, name + "/place")
            words = command.words
        environment = bench.environment(place, LANDSCAPE_KEEP_SECONDS="0") if role != "work" else None
        if role == "work":
            environment = bench.environment(folder, LANDSCAPE_KEEP_SECONDS="0")
        if role == "temporary":
            environment["TMPDIR"] = disk.place
        if role == "output":
            words = elsewhere(words, disk.place)
        outcome = bench.run(words, place, environment=environment, timeout=60)
        judge(outcome, (0, 1, 2))
        for where in {place, disk.place}:
            for file in files.names(where):
                if files.LEFTOVER.search(file):
                    raise Fault(f"left over: {file}; {outcome}")
                if not file.endswith(".unfinished"):
                    files.check_whole(os.path.join(where, file))
        if outcome.code == 0:
            if files.unfinished(place):
                raise Fault("the journal of finished work is left")
            found = disk.place if role in ("work", "output") else place
            for file in reference.outputs:
                if files.content(os.path.join(found, file)) != files.content(os.path.join(reference.folder, file)):
                    raise Fault(f"{file} differs from that of the undisturbed run")


def elsewhere(words, place):
    """The command with its results in another folder."""
    options = ("-o", "--save-vectors")
    return [
        os.path.join(place, word) if before in options else word for before, word in zip(["", *words[:-1]], words)
    ]
