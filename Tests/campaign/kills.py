"""SIGKILL at random moments, then --resume: nothing half-written, nothing former lost, the same bits in the end."""

import os
import subprocess
import time

import commands
import files
from bench import Fault, judge

MOST_KILLS = 30
# Commands that are killed in chains in the short form, too: one of each way to keep work.
CHAINED = ("train-save-every", "slice-2d", "slice-adaptive", "sharpness-l2", "hessian-density", "interpolate-curve", "study")


def cases(bench):
    for command in commands.commands(bench):
        for number in range(bench.choose(1, 22)):
            yield f"kill/{command.name}/{number}", lambda name, c=command: attack(bench, name, c, kills=1)
        chains = bench.choose(command.name in CHAINED, 4)
        for number in range(chains):
            yield f"kill-chain/{command.name}/{number}", lambda name, c=command: attack(bench, name, c, kills=MOST_KILLS)


def attack(bench, name, command, kills):
    reference = commands.reference(bench, command)
    random = bench.random(name)
    folder = commands.copy(bench, name)
    # A training's former checkpoint is what --resume would go on from.
    outputs = [] if command.trains or random.random() < 0.5 else reference.outputs
    former = commands.former(bench, folder, outputs)
    started = {**files.all_bytes(os.path.join(bench.root, "start")), **former}
    # At 0 a training would flush thousands of files to the disk.
    seconds = random.choice(["0.005" if command.trains else "0", "0.05", "0.2"])
    environment = bench.environment(folder, LANDSCAPE_KEEP_SECONDS=seconds)
    resumes = False
    for _ in range(kills):
        delay = random.uniform(0, (1.1 if kills == 1 else 0.7) * reference.seconds)
        words = with_threads(command.words + ["--resume"] * resumes, random)
        outcome = kill_after(bench, words, folder, environment, delay)
        if outcome is None:
            # It was done before.
            files.check_folder(folder, may_be_left=False)
            return reference.check_same(folder)
        resumes = check_interrupted(command, folder, started, reference)
    finish(bench, command, folder, reference, environment, resumes, random)


def with_threads(words, random):
    return [*words, "--threads", random.choice("12")]


def kill_after(bench, words, folder, environment, delay):
    """Kills a run after so many seconds; None where it was done before."""
    started = time.time()
    process = bench.start(words, folder, environment=environment)
    try:
        out, err = process.communicate(timeout=delay)
        if process.returncode != 0:
            raise Fault(f"exit {process.returncode} before the kill: {' '.join(words)}: {err.decode()[-300:]}")
        return None
    except subprocess.TimeoutExpired:
        process.kill()
    with bench.lock:
        bench.kills += 1
    return bench.finish(process, words, started)


def check_interrupted(command, folder, started, reference):
    """What a run that was ended may leave; gives whether there is work to go on from."""
    files.check_folder(folder, may_be_left=True)
    files.check_former_or_new(folder, started, reference.folder)
    if command.trains:
        return any(name.startswith("t.") and name.endswith(".bin") for name in files.names(folder))
    return bool(files.unfinished(folder))


def finish(bench, command, folder, reference, environment, resumes, random):
    """Finishes the work, by --resume where something is kept, and compares with the undisturbed run."""
    if not resumes:
        # Nothing is kept, so --resume is refused and says so.
        before = files.all_bytes(folder)
        outcome = bench.run(command.words + ["--resume"], folder, environment=environment)
        judge(outcome, (1, 2) if command.trains else (2,))
        if {k: v for k, v in files.all_bytes(folder).items() if not files.LEFTOVER.search(k)} != {
            k: v for k, v in before.items() if not files.LEFTOVER.search(k)
        }:
            raise Fault("a refused --resume changed files")
    words = with_threads(command.words + ["--resume"] * resumes, random)
    outcome = bench.run(words, folder, environment=environment)
    judge(outcome, (0,))
    files.check_folder(folder, may_be_left=False)
    reference.check_same(folder)
