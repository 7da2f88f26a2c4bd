"""Standard output and error that are closed, full, broken or gone: files are right, and the end is in words or silent."""

import os
import pty
import subprocess
import time

import commands
import files
import limits
from bench import Fault, judge


def cases(bench):
    for command in limits.subjects(bench):
        for closed in ((0,), (1,), (2,), (1, 2), (0, 1, 2)):
            name = f"output/{command.name}/closed-{'-'.join(map(str, closed))}"
            yield name, lambda n, c=command, k=closed: without(bench, n, c, k)
        for kind in ("full-1", "full-2", "full-12", "broken-1", "broken-2"):
            yield f"output/{command.name}/{kind}", lambda n, c=command, k=kind: attack(bench, n, c, k)
    for command in commands.commands(bench):
        if bench.is_long or command.name in ("train", "slice-2d", "hessian-top"):
            yield f"terminal/{command.name}", lambda n, c=command: terminal_goes(bench, n, c)


def check(bench, reference, folder, outcome, codes):
    if outcome.is_hung or outcome.code not in codes:
        raise Fault(f"expected exit {codes}; {outcome}")
    files.check_folder(folder, may_be_left=False)
    # Files come first: what cannot be printed is no reason to lose them.
    reference.check_same(folder)


def without(bench, name, command, closed):
    """A file that is opened may then get the number of standard output: nothing may be printed into it."""
    reference = commands.reference(bench, command)
    folder = commands.copy(bench, name)
    shut = " ".join({0: "<&-", 1: ">&-", 2: "2>&-"}[number] for number in closed)
    words = [word for word in command.words if word != "--quiet"]
    outcome = bench.run(words, folder, prefix=["sh", "-c", f'exec "$@" {shut}', "sh"])
    check(bench, reference, folder, outcome, (0, 1) if 1 in closed else (0,))
    if 1 not in closed:
        judge(outcome, (0,))


def attack(bench, name, command, kind):
    reference = commands.reference(bench, command)
    folder = commands.copy(bench, name)
    how, numbers = kind.split("-")
    words = [word for word in command.words if word != "--quiet"]
    streams, opened = {}, []
    for number in numbers:
        if how == "full":
            if not os.path.exists("/dev/full"):
                return
            file = os.open("/dev/full", os.O_WRONLY)
        else:
            reader, file = os.pipe()
            os.close(reader)
        opened.append(file)
        streams["stdout" if number == "1" else "stderr"] = file
    outcome = bench.run(words, folder, **streams)
    for file in opened:
        os.close(file)
    # A full device keeps the result from being printed; a reader such as `head` has had enough.
    check(bench, reference, folder, outcome, (1,) if how == "full" and "1" in numbers else (0,))


def terminal_goes(bench, name, command):
    """A pseudo-terminal that is closed while the work goes on: its hang-up is a request to stop."""
    reference = commands.reference(bench, command)
    folder = commands.copy(bench, name)
    master, slave = pty.openpty()
    words = [word for word in command.words if word != "--quiet"]
    environment = bench.environment(folder, LANDSCAPE_KEEP_SECONDS="0.05")
    started = time.time()
    process = bench.start(
        words, folder, environment=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    time.sleep(bench.random(name).uniform(0.2, 0.8) * reference.seconds)
    os.close(master)
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Fault("hung after its terminal went away") from None
    # Without a controlling terminal there is no hang-up, and the work is finished.
    if process.returncode not in (0, 1, 130, -1):
        raise Fault(f"exit {process.returncode} after its terminal went away, {time.time() - started:.1f} s")
    files.check_folder(folder, may_be_left=True)
    if process.returncode in (0, 1):
        # A result that could not be printed is a failure, and what was kept stays.
        reference.check_same(folder, ignoring=files.unfinished(folder) if process.returncode == 1 else ())
