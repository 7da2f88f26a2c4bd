"""Signals that ask to stop: exit 130, one line, and --resume gives the same bits."""

import os
import signal
import subprocess
import time

import commands
import files
import kills
from bench import Fault, judge

SIGNALS = ["INT", "TERM", "HUP", "XCPU"]


def cases(bench):
    for command in commands.commands(bench):
        for kind in SIGNALS if bench.is_long else [bench.random("stop", command.name).choice(SIGNALS)]:
            for number in range(bench.choose(1, 2)):
                yield f"stop/{command.name}/{kind}/{number}", lambda n, c=command, k=kind: attack(bench, n, c, k)
    some = [c for c in commands.commands(bench) if bench.is_long or c.name in ("train", "slice-2d", "hessian-trace")]
    for command in some:
        yield f"nohup/{command.name}", lambda n, c=command: ignored(bench, n, c)
        yield f"stop-twice/{command.name}", lambda n, c=command: twice(bench, n, c)


def attack(bench, name, command, kind):
    reference = commands.reference(bench, command)
    random = bench.random(name)
    folder = commands.copy(bench, name)
    started = files.all_bytes(os.path.join(bench.root, "start"))
    environment = bench.environment(folder, LANDSCAPE_KEEP_SECONDS=random.choice(["0.05", "30"]))
    outcome = stop(bench, command, folder, environment, [kind], random.uniform(0.05, reference.seconds))
    if outcome.code == 0:
        files.check_folder(folder, may_be_left=False)
        return reference.check_same(folder)
    check_stopped(outcome, kind, folder, started)
    resumes = kills.check_interrupted(command, folder, started, reference)
    if any(files.LEFTOVER.search(file) for file in files.names(folder)) and outcome.code == 130:
        raise Fault("a run that was asked to stop left a temporary file")
    if resumes != ("--resume" in outcome.err):
        raise Fault(f"{'kept' if resumes else 'nothing kept'}, but the message says otherwise; {outcome}")
    kills.finish(bench, command, folder, reference, environment, resumes, random)


def stop(bench, command, folder, environment, signals, delay, prefix=()):
    started = time.time()
    process = bench.start(command.words, folder, environment=environment, prefix=prefix)
    try:
        process.wait(timeout=delay)
    except subprocess.TimeoutExpired:
        for kind in signals:
            process.send_signal(getattr(signal, "SIG" + kind))
    # Between two looks no more than a step of the work passes.
    return bench.finish(process, command.words, started, timeout=60)


def check_stopped(outcome, kind, folder, started):
    if outcome.signal == getattr(signal, "SIG" + kind):
        # It came before the program listened, which is before it does anything.
        if files.all_bytes(folder) != started:
            raise Fault(f"ended by the signal itself, after work had begun; {outcome}")
        return
    judge(outcome, (130,))
    if len(outcome.lines) != 1 or not outcome.lines[0].startswith("landscape: interrupted"):
        raise Fault(f"expected one line; {outcome}")
    if outcome.out:
        raise Fault(f"prints a result, though interrupted; {outcome}")


def ignored(bench, name, command):
    """Under nohup a terminal that is gone does not end the work."""
    reference = commands.reference(bench, command)
    folder = commands.copy(bench, name)
    delay = bench.random(name).uniform(0.1, 0.8) * reference.seconds
    outcome = stop(bench, command, folder, bench.environment(folder), ["HUP"], delay, prefix=["nohup"])
    judge(outcome, (0,))
    reference.check_same(folder)


def twice(bench, name, command):
    """The second request ends the program at once."""
    reference = commands.reference(bench, command)
    folder = commands.copy(bench, name)
    started = files.all_bytes(os.path.join(bench.root, "start"))
    delay = bench.random(name).uniform(0.5, 0.8) * reference.seconds
    outcome = stop(bench, command, folder, bench.environment(folder), ["INT", "INT"], delay)
    if outcome.code not in (0, 130):
        raise Fault(f"expected exit 130; {outcome}")
    files.check_folder(folder, may_be_left=True)
    files.check_former_or_new(folder, started, reference.folder)
