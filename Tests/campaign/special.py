"""Special files where a checkpoint, data or a result is meant: refused in words, without waiting for a writer."""

import os
import socket
import stat

import commands
import files
from bench import Fault, Skipped, judge

KINDS = ["fifo", "zero", "null", "socket", "folder", "loop", "dangling", "empty", "unreadable-name"]
READS = {
    "info": "info X",
    "evaluate": "evaluate X",
    "slice": "slice X --points 3",
    "hessian": "hessian X",
    "trajectory": "trajectory X",
    "interpolate": "interpolate a.bin X",
    "saddle": "saddle X --steps 2 --descent-steps 0",
    "compare": "compare a.bin X",
    "study": "study X",
    "report": "report X",
    "plot": "plot X",
    "merge": "merge X -o m.npz",
    "topology": "topology X",
    "export": "export X -o e.npz",
    "start": "train --start X --epochs 1 -o t.bin",
    "resume": "train --model mlp:64-16-10 --data digits --examples 200 --epochs 2 -o X --resume",
    "import": "import X --model mlp:64-16-10 --data digits",
    "npy": "evaluate a.bin --data npy:X,X",
    "npz": "evaluate a.bin --data npz:X",
    "csv": "evaluate a.bin --data csv:X",
    "mnist": "evaluate a.bin --data mnist:X",
    "cifar": "evaluate a.bin --data cifar10:X",
    "directions": "slice a.bin --points 3 --directions file:X",
    "to": "slice a.bin --points 3 --directions to:X",
    "along": "hessian a.bin --along X",
}
WRITES = {
    "train": "train --model mlp:64-16-10 --data digits --examples 200 --epochs 1 -o X.bin",
    "slice-json": "slice a.bin --points 3 -o X.json",
    "slice-npz": "slice a.bin --points 3 -o X.npz",
    "slice-png": "slice a.bin --points 3 -o X.png",
    "vectors": "hessian a.bin --save-vectors X.npy",
    "saddle": "saddle a.bin --steps 2 --save X.bin",
    "export": "export a.bin -o X.npz",
    "report": "report a.bin --points 3 -o X",
}


def cases(bench):
    def some(items):
        return items if bench.is_long else dict(sorted(items.items())[:: 4 if len(items) > 9 else 2])

    for kind in KINDS:
        for name, line in some(READS).items():
            yield f"special/read-{name}/{kind}", lambda n, li=line, k=kind: read(bench, n, li, k)
        for name, line in some(WRITES).items():
            if kind not in ("fifo", "empty", "unreadable-name"):
                yield f"special/write-{name}/{kind}", lambda n, li=line, k=kind: write(bench, n, li, k)
        yield f"special/journal/{kind}", lambda n, k=kind: journal(bench, n, k)


def make(path, kind):
    if kind == "fifo":
        os.mkfifo(path)
    elif kind in ("zero", "null"):
        os.symlink("/dev/" + kind, path)
    elif kind == "socket":
        # A socket's name is short: it is bound from its folder.
        bound = socket.socket(socket.AF_UNIX)
        try:
            bound.bind(path)
        except OSError:
            raise Skipped("the folder's name is too long for a socket") from None
        finally:
            bound.close()
    elif kind == "folder":
        os.mkdir(path)
    elif kind == "loop":
        os.symlink(os.path.basename(path), path)
    elif kind == "dangling":
        os.symlink("nowhere/at/all", path)
    elif kind == "empty":
        open(path, "w").close()
    else:
        os.symlink("/proc/self/mem", path)


def read(bench, name, line, kind):
    folder = commands.copy(bench, name)
    make(os.path.join(folder, "X"), kind)
    outcome = bench.run([*line.split(), "--quiet"], folder, timeout=20)
    judge(outcome, (1, 2))
    if len(outcome.lines) != 1:
        raise Fault(f"expected one line; {outcome}")


def write(bench, name, line, kind):
    folder = commands.copy(bench, name)
    path = os.path.join(folder, next(word for word in line.split() if word.startswith("X")))
    make(path, kind)
    before = os.lstat(path)
    outcome = bench.run([*line.split(), "--quiet"], folder, timeout=20)
    judge(outcome, (0, 1, 2))
    after = os.lstat(path)
    if stat.S_IFMT(before.st_mode) != stat.S_IFMT(after.st_mode):
        raise Fault(f"the {kind} was replaced; {outcome}")


def journal(bench, name, kind):
    """A special file of the journal's name: the work goes on without one, and --resume is refused."""
    command = commands.Command("slice", "slice a.bin --points 3 -o out.json --quiet --json")
    first = commands.copy(bench, name + "/first")
    environment = bench.environment(first, LANDSCAPE_KEEP_SECONDS="0")
    process = bench.run([*command.words, "--resume"], first, environment=environment)
    place = process.err.split("(")[1].split(")")[0]
    folder = commands.copy(bench, name)
    make(os.path.join(folder, place), kind)
    environment = bench.environment(folder, LANDSCAPE_KEEP_SECONDS="0")
    outcome = bench.run([*command.words, "--resume"], folder, environment=environment, timeout=20)
    # An empty one is that of a run that was killed as it began it.
    judge(outcome, (0,) if kind == "empty" else (1, 2))
    outcome = bench.run(command.words, folder, environment=environment, timeout=20)
    judge(outcome, (0,))
    files.check_whole(os.path.join(folder, "out.json"))
