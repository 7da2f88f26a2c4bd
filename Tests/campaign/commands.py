"""The long commands that are attacked, the checkpoints they work on, and their undisturbed runs."""

import os
import shutil

import files
from bench import Fault, judge

NETWORK = ["--model", "mlp:64-16-10", "--data", "digits", "--examples", "200"]


class Command:
    """A command line, with the least seconds between what it keeps; `trains` where it keeps a checkpoint and no journal."""

    def __init__(self, name, words, trains=False):
        self.name, self.words, self.trains = name, words.split() if isinstance(words, str) else words, trains


def commands(bench):
    """All long commands. In the long form they last 1 to 3 s, in the short one about half a second."""

    def size(short, long):
        return str(bench.choose(short, long))

    def outputs(*endings):
        return "".join(f" -o out.{ending}" for ending in endings)

    all_three = outputs("json", "npz", "png")
    shown = " --quiet --json"
    train = ["train", *NETWORK, "-o", "t.bin", "--json", "--batch-size", "20", "--epochs", size(300, 1000)]
    lines = {
        "slice-1d": "slice a.bin --points " + size(301, 3001) + all_three,
        "slice-2d": "slice a.bin --points " + size("25x21", "81x51") + all_three,
        "slice-adaptive": "slice a.bin --dims 2 --adaptive 0.005 --points " + size(41, 101) + all_three,
        "slice-planes": "slice a.bin --planes 3 --points " + size("15x15", "41x31") + all_three,
        "slice-eigen": "slice a.bin --directions eigen --points " + size("15x15", "41x41") + all_three,
        "sharpness-l2": "sharpness a.bin --rho 0.05,0.1 --restarts " + size(4, 16) + all_three,
        "sharpness-linf": "sharpness a.bin --norm linf --rho 0.01 --save-epsilon e.npy" + all_three,
        "sharpness-average": "sharpness a.bin --measure average --rho 0.01,0.02 --samples " + size(400, 3000) + all_three,
        "sharpness-keskar": "sharpness a.bin --measure keskar --box-repeats " + size(3, 20) + outputs("json", "npz"),
        "sharpness-m": "sharpness a.bin --m 50 --rho 0.05" + all_three,
        "hessian-top": "hessian a.bin --top 10 --bottom 3 --save-vectors V.npy" + all_three,
        "hessian-trace": "hessian a.bin --trace --frobenius --probes " + size(300, 1200) + all_three,
        "hessian-density": "hessian a.bin --density --save-vectors V.npy" + all_three,
        "hessian-layers": "hessian a.bin --layers" + all_three,
        "trajectory": "trajectory run --points " + size("21x21", "61x61") + all_three,
        "interpolate-line": "interpolate a.bin b.bin --points " + size(401, 3001) + all_three,
        "interpolate-curve": "interpolate a.bin b.bin --curve bezier --steps " + size(600, 4000) + all_three,
        "interpolate-band": "interpolate a.bin b.bin --curve neb --save-curve path --steps " + size(150, 1000) + all_three,
        "interpolate-plane": "interpolate a.bin b.bin c.bin --points " + size("21", "51") + all_three,
        "saddle": "saddle a.bin --save s.bin --steps " + size(30, 300) + outputs("json", "npz"),
        "compare": "compare a.bin b.bin --points " + size("9x9", "31x31") + outputs("json", "png"),
        "study": "study runs --probes 10 --samples 5" + outputs("json", "csv", "png"),
        "report": "report a.bin b.bin --points " + size("9", "25") + " -o out",
    }
    return [
        Command("train", train + ["--quiet"], trains=True),
        Command("train-save-every", train + ["--quiet", "--save-every", size(50, 50)], trains=True),
        Command("train-sam", train + ["--quiet", "--optimizer", "sam", "--track-sharpness", "100"], trains=True),
        *(Command(name, line + (" --quiet" if name == "report" else shown)) for name, line in lines.items()),
    ]


def prepare(bench):
    """The folder of checkpoints that every case starts from a copy of."""
    folder = bench.folder("start")
    small = ["train", *NETWORK, "--epochs", "10", "--batch-size", "20", "--quiet"]
    for seed, name in enumerate("abc"):
        judge(bench.run([*small, "--seed", seed, "-o", name + ".bin"], folder), (0,))
    for place in ("run", "runs"):
        os.mkdir(os.path.join(folder, place))
    judge(bench.run([*small, "--save-every", 2, "-o", "run/r.bin"], folder), (0,))
    for name in "abc":
        shutil.copy(os.path.join(folder, name + ".bin"), os.path.join(folder, "runs"))
    shutil.rmtree(os.path.join(folder, ".temporary"))
    return folder


def copy(bench, name):
    """A fresh copy of the checkpoints for a case."""
    folder = bench.folder(name)
    shutil.copytree(os.path.join(bench.root, "start"), folder, dirs_exist_ok=True)
    return folder


class Reference:
    """The undisturbed run of a command: the folder that it leaves, what it prints, and how long it takes."""

    def __init__(self, bench, command):
        self.command = command
        self.folder = copy(bench, f"reference/{command.name}-{len(_references)}")
        self.outcome = bench.run(command.words, self.folder)
        judge(self.outcome, (0,))
        files.check_folder(self.folder, may_be_left=False)
        if temporary := files.temporary(self.folder):
            raise Fault(f"left over in the folder of temporary files: {temporary}")
        self.seconds = self.outcome.seconds
        started = set(files.names(os.path.join(bench.root, "start")))
        self.outputs = [name for name in files.names(self.folder) if name not in started]

    def check_same(self, folder, ignoring=()):
        files.check_same(folder, self.folder, ignoring)


_references = {}


def reference(bench, command):
    """Runs a command undisturbed once."""
    with bench.lock:
        key = (command.name, *command.words)
        if key not in _references:
            _references[key] = Reference(bench, command)
        return _references[key]


def former(bench, folder, outputs):
    """Puts files of an earlier run where a command writes, and gives their bytes."""
    start = os.path.join(bench.root, "start")
    found = {}
    for name in outputs:
        # Other checkpoints are no curve to write over.
        if name.startswith("path/"):
            continue
        path, ending = os.path.join(folder, name), os.path.splitext(name)[1]
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if ending == ".bin":
            shutil.copy(os.path.join(start, "a.bin"), path)
        elif ending == ".json":
            write(path, b'{"former": true}\n')
        elif ending in (".html", ".csv"):
            # A report overwrites reports alone.
            write(path, b"<title>Loss landscape of a former</title></html>\n")
        elif ending in (".npy", ".npz", ".png"):
            shutil.copy(example(bench, ending), path)
        else:
            raise Fault(f"an output of an unknown kind: {name}")
        found[name] = files.read_bytes(path)
    return found


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def example(bench, ending):
    """A whole file of this ending that no run of the campaign writes."""
    path = os.path.join(bench.root, "former" + ending)
    with bench.lock:
        if not os.path.exists(path):
            begin = os.path.join(bench.root, "start", "a.bin")
            # Another result than any command of the campaign has.
            words = ["gradient", begin, "--save", path] if ending == ".npy" else ["slice", begin, "--points", 3, "-o", path]
            judge(bench.run([*words, "--quiet"], bench.root), (0,))
    return path
