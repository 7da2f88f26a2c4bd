"""Runs every command as one process and on several ranks, and compares all that they print and write.

    python3 Tests/mpi/ranks.py --landscape PATH [--ranks 1,2,3,4] [--only WORD]

Needs Open MPI (openmpi-bin). What differs between runs is time alone: keys named `seconds`.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LAUNCHER = ["mpirun.openmpi", "--oversubscribe", "--bind-to", "none"]
ENVIRONMENT = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
MODELS = {
    "mlp.bin": "train --model mlp:64-32-10 --data digits --epochs 2",
    "other.bin": "train --model mlp:64-32-10 --data digits --epochs 2 --seed 1",
    "conv.bin": "train --model lenet --data digits --epochs 1 --examples 600",
    "norm.bin": "train --model mlp:64-32-10 --norm batch --data digits --epochs 1 --examples 600",
    "norm2.bin": "train --model mlp:64-32-10 --norm batch --data digits --epochs 1 --examples 600 --seed 1",
    "run/c.bin": "train --model mlp:64-16-10 --data digits --epochs 2 --save-every 1 --examples 600",
}
COMMANDS = [
    "evaluate mlp.bin --json",
    "evaluate conv.bin --json --precision double --split test",
    "evaluate mlp.bin --json --batch-size 7 --examples 100",
    "gradient mlp.bin --save g.npy --json --batch-size 16",
    "gradient conv.bin --save g.npy --json",
    "hessian mlp.bin --top 3 --trace --json -o h.json",
    "hessian conv.bin --top 1 --json --examples 300",
    "hessian mlp.bin --density --json --examples 300",
    "sharpness mlp.bin --json --examples 200",
    "sharpness conv.bin --measure one-step --json --examples 200",
    "sharpness mlp.bin --m 32 --json --examples 128 --measure worst",
    "slice mlp.bin --points 9x9 --json -o s.npz -o s.png",
    "slice conv.bin --dims 1 --points 11 --json -o s.npz --examples 300",
    "slice mlp.bin --points 9x9 --adaptive 0.05 --json -o s.npz --examples 300",
    "slice norm.bin --points 7x7 --batchnorm recalibrate --json -o s.npz",
    "trajectory run --json -o t.npz --points 7x7",
    "interpolate mlp.bin other.bin --json -o i.json",
    "interpolate mlp.bin other.bin --curve bezier --steps 20 --json -o i.json",
    "interpolate mlp.bin other.bin --curve neb --steps 20 --save-curve path --json -o i.json",
    "interpolate norm.bin norm2.bin --curve polygon --steps 20 --save-curve path --points 5 --json -o i.json",
    "compare mlp.bin other.bin --json -o c.json --examples 200",
    "study run --json -o study.csv --examples 200",
    "report mlp.bin other.bin -o page --points 5 --examples 200",
    "measure mlp.bin --json --examples 200",
    "train --model mlp:64-32-10 --data digits --epochs 2 --batch-size 700 -o t.bin --json",
    "train --model lenet --data digits --epochs 1 --optimizer sam --rho 0.05 --examples 500 --batch-size 250 -o t.bin --json",
    "train --model mlp:64-32-10 --norm batch --data digits --epochs 1 --examples 600 --optimizer sam --m 32 -o t.bin --json",
    "train --model mlp:64-32-10 --norm batch --data digits --epochs 1 --examples 600 --accumulate 3 --batch-size 50 -o t.bin --json",
    "train --model mlp:64-32-10 --data digits --epochs 1 --track-sharpness 1 --examples 400 -o t.bin --json",
    "info mlp.bin --json",
]


def run(arguments, folder, landscape, ranks):
    words = [str(landscape)] + arguments.split()
    if ranks:
        words = LAUNCHER + ["-n", str(ranks)] + words
    return subprocess.run(
        ["timeout", "-k", "5", "120"] + words, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)


def without_time(text):
    """Text of a result without how long it took, when, and by which command line."""
    text = re.sub(r'"(\w*seconds|date|time)":\s*("[^"]*"|[-+.\deE]+)', r'"\1": 0', text)
    return re.sub(r"\d+(\.\d+)? (s|ms|min)\b", "T", text)


def contents(folder):
    """A digest of each file in a folder, by its name."""
    result = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            if path.suffix in (".json", ".html", ".csv", ".txt"):
                data = without_time(data.decode("utf-8", "replace")).encode()
            result[str(path.relative_to(folder))] = hashlib.sha256(data).hexdigest()[:12]
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--landscape", required=True, type=pathlib.Path)
    parser.add_argument("--ranks", default="1,2,3,4")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    landscape = options.landscape.resolve()
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        models = pathlib.Path(scratch) / "models"
        (models / "run").mkdir(parents=True)
        for path, command in MODELS.items():
            made = run(f"{command} -o {path} --quiet", models, landscape, 0)
            if made.returncode:
                sys.exit(f"{command}: {made.stderr}")
        for command in COMMANDS:
            if options.only not in command:
                continue
            expected = None
            for ranks in [0] + [int(n) for n in options.ranks.split(",")]:
                folder = pathlib.Path(scratch) / "here"
                shutil.copytree(models, folder)
                done = run(command, folder, landscape, ranks)
                found = (done.returncode, without_time(done.stdout), contents(folder))
                shutil.rmtree(folder)
                if expected is None:
                    expected = found
                    if done.returncode:
                        print(f"{command}: {done.stderr}")
                        wrong += 1
                elif found != expected:
                    wrong += 1
                    print(f"{command}: {ranks} ranks differ from one process")
                    for name, a, b in zip(("code", "output", "files"), expected, found):
                        if a != b and isinstance(a, dict):
                            a, b = ({k: v for k, v in x.items() if x.get(k) != y.get(k)} for x, y in ((a, b), (b, a)))
                        if a != b:
                            print(f"  {name}: {str(b)[:300]}\n  expected {str(a)[:300]}")
                    print("  " + done.stderr[-1000:])
            print(f"compared: {command}", flush=True)
    if wrong:
        sys.exit(f"{wrong} runs differ")
    print("every command has the same bits on any number of ranks")


if __name__ == "__main__":
    main()
