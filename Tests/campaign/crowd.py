"""Eight runs at once on one checkpoint, one result and one journal."""

import time

import commands
import files
import kills
from bench import Fault, Skipped, judge

SIZE = 8


def cases(bench):
    chosen = ("train-save-every", "slice-2d", "hessian-top", "sharpness-l2", "report", "study")
    for command in commands.commands(bench):
        if bench.is_long or command.name in chosen[:3]:
            for number in range(bench.choose(1, 3)):
                yield f"crowd/{command.name}/{number}", lambda n, c=command: at_once(bench, n, c)
                if not command.trains:
                    yield f"crowd-resume/{command.name}/{number}", lambda n, c=command: resumed(bench, n, c)


def run_all(bench, words, folder, environment):
    started = time.time()
    processes = [bench.start(words, folder, environment=environment) for _ in range(SIZE)]
    return [bench.finish(process, words, started, timeout=300) for process in processes]


def at_once(bench, name, command):
    """All are right, one of them having the journal."""
    reference = commands.reference(bench, command)
    folder = commands.copy(bench, name)
    environment = bench.environment(folder, LANDSCAPE_KEEP_SECONDS="0.02")
    for outcome in run_all(bench, [*command.words, "--threads", "1"], folder, environment):
        judge(outcome, (0,))
    files.check_folder(folder, may_be_left=False)
    reference.check_same(folder)


def resumed(bench, name, command):
    """One goes on from the work that is kept. The others are refused: it is in use, or gone when that one has finished."""
    reference = commands.reference(bench, command)
    folder = commands.copy(bench, name)
    random = bench.random(name)
    environment = bench.environment(folder, LANDSCAPE_KEEP_SECONDS="0")
    for _ in range(40):
        kills.kill_after(bench, command.words, folder, environment, random.uniform(0.2, 0.9) * reference.seconds)
        if files.unfinished(folder):
            break
    else:
        raise Skipped("no kill in 40 came while there was a journal")
    outcomes = run_all(bench, [*command.words, "--resume", "--threads", "1"], folder, environment)
    for outcome in outcomes:
        judge(outcome, (0, 1, 2))
    if not any(outcome.code == 0 for outcome in outcomes):
        raise Fault(f"none went on; {outcomes[0]}")
    files.check_folder(folder, may_be_left=False)
    reference.check_same(folder)
