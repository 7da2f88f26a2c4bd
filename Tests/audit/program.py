"""Runs `landscape`, collects what it prints, and holds the table of comparisons."""

import csv
import fnmatch
import json
import os
import re
import subprocess

import numpy as np


class Program:
    """The command line, run in a folder. Remembers every key that any JSON object had."""

    def __init__(self, path, folder):
        self.path, self.folder, self.printed = os.path.abspath(path), folder, {}

    def run(self, *arguments, fails=False):
        words = [str(a) for a in arguments]
        done = subprocess.run([self.path, *words], capture_output=True, text=True, cwd=self.folder)
        if done.returncode != 0 and not fails:
            raise RuntimeError(f"landscape {' '.join(words)}: {done.stderr.strip()[-400:]}")
        return done

    def json(self, *arguments):
        """The JSON object of a command, in double precision where the command has the option."""
        double = (
            []
            if arguments[0] in ("info", "export", "import") or "--precision" in arguments
            else ["--precision", "double"]
        )
        result = json.loads(self.run(*arguments, *double, "--json", "--quiet").stdout)
        self.printed.setdefault(arguments[0], set()).update(paths(result))
        return result

    def train_digits(self, epochs, output, *options):
        """Trains the small MLP on the audit's data by the defaults and options."""
        network = ["--model", "mlp:64-8-10", "--activation", "tanh", "--data", "npz:data.npz"]
        return self.json("train", *network, "--epochs", epochs, *options, "-o", output)

    def array(self, name):
        return np.load(os.path.join(self.folder, name))


def paths(value, prefix=""):
    """The paths of all leaves, without the indices of lists: `points.coordinates`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, f"{prefix}.{key}" if prefix else key)
    elif isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
        for inner in value:
            yield from paths(inner, prefix)
    else:
        yield prefix


class Table:
    """Lines of command, network, key, our number, the independent one, difference, tolerance and verdict."""

    columns = ["command", "network", "key", "landscape", "independent", "difference", "tolerance", "ok"]

    def __init__(self):
        self.rows, self.network, self.compared = [], "", {}

    def add(self, command, key, ours, independent, difference, tolerance, ok):
        self.compared.setdefault(command.split()[0], set()).add(key.split(" ")[0])
        self.rows.append([command, self.network, key, ours, independent, difference, tolerance, bool(ok)])
        shown = [v if isinstance(v, str) else f"{v:.9g}" if isinstance(v, float) else str(v) for v in self.rows[-1]]
        print("  ".join(f"{text:<{width}}" for text, width in zip(shown, (44, 4, 44, 16, 16, 11, 9, 5))), flush=True)

    def equal(self, command, key, ours, independent, relative=1e-7, absolute=1e-11):
        """Numbers or arrays of numbers; of an array the element of largest excess is shown. null equals only null."""
        if ours is None or independent is None:
            self.add(command, key, ours, independent, "", "null", ours is None and independent is None)
            return
        a, b = np.asarray(ours, float).ravel(), np.asarray(independent, float).ravel()
        if a.shape != b.shape:
            self.add(command, key, f"{len(a)} numbers", f"{len(b)} numbers", "", "", False)
            return
        if len(a) == 0:
            return
        tolerance = relative * np.maximum(np.abs(b), 1e-300) + absolute
        excess = np.where(np.isnan(a) & np.isnan(b), 0, np.abs(a - b) / tolerance)
        i = int(np.argmax(np.where(np.isnan(excess), np.inf, excess)))
        self.add(command, key, float(a[i]), float(b[i]), float(a[i] - b[i]), float(tolerance[i]), excess[i] <= 1)

    def within(self, command, key, ours, independent, error, times=6):
        """An estimate, at most `times` standard errors from the number that it estimates."""
        self.equal(command, key, ours, independent, 0, times * error + 1e-12)

    def at_least(self, command, key, ours, bound, slack=0.0):
        self.add(
            command, key, float(ours), f">= {bound:.9g}", float(ours - bound), float(-slack), ours >= bound - slack
        )

    def holds(self, command, key, ours, statement, ok):
        """A statement about a printed value, such as 'is an eigenvalue'."""
        self.add(command, key, ours, statement, "", "", ok)

    def uncovered(self, printed, readme):
        """Printed keys that no line compares and that the README does not list as not recomputed."""
        listed = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \|", open(readme).read(), re.M)
        patterns = [p for cell in listed for p in re.findall(r"`([^`]+)`", cell)]
        return [
            (command, key)
            for command, keys in sorted(printed.items())
            for key in sorted(keys)
            if key not in self.compared.get(command, ()) and not any(fnmatch.fnmatchcase(key, p) for p in patterns)
        ]

    def write(self, path):
        with open(path, "w", newline="") as file:
            csv.writer(file).writerows([self.columns, *self.rows])
