"""Every option of every command at its extremes: no trap, and what is long can be stopped."""

import re
import signal
import subprocess
import time

import commands
from bench import Fault, judge

VALUES = ["0", "-1", "1", "2", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "nan", "inf", "-inf", "1e300"]
VALUES += ["-1e300", "1e-300", "", "x", "0.5", "1,2,3", "-1:1", "0:0", "nan:nan", "1e300:1e301", "3x0", "999999999x999999999"]
LINES = {
    "train": "train --model mlp:64-16-10 --data digits --examples 200 --epochs 1 -o t.bin",
    "evaluate": "evaluate a.bin",
    "gradient": "gradient a.bin",
    "slice": "slice a.bin --points 3",
    "sharpness": "sharpness a.bin --restarts 1 --steps 3",
    "sharpness-average": "sharpness a.bin --measure average --samples 2",
    "sharpness-keskar": "sharpness a.bin --measure keskar --box-repeats 1",
    "hessian": "hessian a.bin --top 1",
    "hessian-trace": "hessian a.bin --trace --density --probes 6",
    "import": "import w.npz --model mlp:64-16-10 --data digits -o i.bin",
    "trajectory": "trajectory run --points 3",
    "interpolate": "interpolate a.bin b.bin --points 3",
    "interpolate-curve": "interpolate a.bin b.bin --points 3 --curve bezier --steps 2",
    "saddle": "saddle a.bin --steps 2 --descent-steps 2 --iterations 5",
    "compare": "compare a.bin b.bin --points 3",
    "study": "study runs --probes 6 --samples 2",
    "report": "report a.bin --points 3 -o out",
    "plot": "plot s.npz",
    "merge": "merge s.npz -o m.npz",
    "topology": "topology s.npz -o y.npz",
    "export": "export a.bin -o e.npz",
    "selftest": "selftest",
}


def cases(bench):
    start = bench.root + "/start"
    judge(bench.run("export a.bin -o w.npz --quiet".split(), start), (0,))
    judge(bench.run("slice a.bin --points 3x3 -o s.npz --quiet".split(), start), (0,))
    everything = []
    for name, line in LINES.items():
        shown = bench.run([line.split()[0], "--help"], start).out
        for option in sorted(set(re.findall(r"^  (?:-\w, )?(--[a-z0-9-]+|-o) <", shown, re.M))):
            if option in ("-o", "--key", "--save", "--save-vectors", "--save-epsilon", "--save-product", "--save-minima"):
                continue
            everything += [(f"extreme/{name}/{option.lstrip('-')}/{i}", line, option, v) for i, v in enumerate(VALUES)]
    if not bench.is_long:
        everything = bench.random("extreme").sample(everything, 250)
    for name, line, option, value in everything:
        yield name, lambda n, li=line, o=option, v=value: attack(bench, n, li, o, v)


def attack(bench, name, line, option, value):
    folder = commands.copy(bench, name)
    words = replaced(line.split(), option, value) + ["--quiet"]
    started = time.time()
    process = bench.start(words, folder)
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        # It may be at work on what was asked for; then it stops when it is told.
        process.send_signal(signal.SIGINT)
    outcome = bench.finish(process, words, started, timeout=30)
    judge(outcome, (0, 1, 2, 130))
    if outcome.code in (1, 2) and len(outcome.lines) != 1:
        raise Fault(f"expected one line; {outcome}")


def replaced(words, option, value):
    """The command with this value in place of the one it has."""
    words = list(words)
    if option in words:
        place = words.index(option)
        del words[place : place + 2]
    return [*words, f"{option}={value}"]
