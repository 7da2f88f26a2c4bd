"""What every attack uses: running the program, judging how it ended, and counting."""

import concurrent.futures
import os
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

TRAPS = {signal.SIGILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGTRAP, signal.SIGFPE}


class Fault(Exception):
    """What the program did wrong."""


class Skipped(Exception):
    """Why a case cannot be tried on this machine."""


class Outcome:
    """How a run ended: `code` as the shell has it for an exit, `signal` for an end by one."""

    def __init__(self, words, code, out, err, seconds, is_hung):
        self.words, self.seconds, self.is_hung = words, seconds, is_hung
        self.out, self.err = out.decode("utf8", "replace"), err.decode("utf8", "replace")
        self.signal = -code if code < 0 else None
        self.code = code if code >= 0 else None

    @property
    def lines(self):
        return self.err.splitlines()

    def __str__(self):
        end = "hung" if self.is_hung else f"signal {self.signal}" if self.signal else f"exit {self.code}"
        return f"{shlex.join(self.words)}: {end}: {self.err.strip()[-300:]}"


class Bench:
    """The program under attack, and where cases work."""

    def __init__(self, program, root, seed, is_long):
        self.program, self.root, self.seed, self.is_long = os.path.abspath(program), root, seed, is_long
        self.timeout = 120
        self.lock = threading.Lock()
        self.kills = 0

    def choose(self, short, long):
        return long if self.is_long else short

    def random(self, *name):
        return random.Random("/".join(map(str, (self.seed, *name))))

    def environment(self, folder, **extra):
        """The environment of a run, with a folder of its own for temporary files."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("LANDSCAPE_", "CAMPAIGN_", "LD_PRELOAD"))}
        temporary = os.path.join(folder, ".temporary")
        os.makedirs(temporary, exist_ok=True)
        # A report states the day; runs on both sides of midnight are to give the same one.
        kept.update(SWIFT_BACKTRACE="enable=no", TMPDIR=temporary, SOURCE_DATE_EPOCH="1700000000", **extra)
        return kept

    def start(self, words, folder, limits=(), environment=None, prefix=(), **options):
        """Starts the program in a folder; `limits` are pairs for setrlimit."""

        def prepare():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            for kind, value in limits:
                resource.setrlimit(kind, (value, value))

        command = [*prefix, self.program, *map(str, words)]
        environment = environment or self.environment(folder)
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
        return subprocess.Popen(command, cwd=folder, env=environment, preexec_fn=prepare, **options)

    def finish(self, process, words, started, timeout=None):
        """Waits for a started program."""
        is_hung = False
        try:
            out, err = process.communicate(timeout=timeout or self.timeout)
        except subprocess.TimeoutExpired:
            is_hung = True
            process.kill()
            out, err = process.communicate()
        return Outcome(
            ["landscape", *map(str, words)], process.returncode, out or b"", err or b"", time.time() - started, is_hung
        )

    def run(self, words, folder, timeout=None, **options):
        started = time.time()
        return self.finish(self.start(words, folder, **options), words, started, timeout)

    def folder(self, name):
        """An empty folder of a case."""
        path = os.path.join(self.root, name.replace("/", "+"))
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path


def judge(outcome, codes=(0, 1, 2)):
    """Neither trap nor hang, an expected exit code, and errors in words: one line each, without a stack."""
    if outcome.is_hung:
        raise Fault(f"hung; {outcome}")
    if outcome.signal in TRAPS:
        raise Fault(f"trap; {outcome}")
    if outcome.code not in codes:
        raise Fault(f"expected exit {' or '.join(map(str, codes))}; {outcome}")
    if re.search(r"Fatal error|fatalError|Stack dump|Illegal instruction|terminate called", outcome.err):
        raise Fault(f"not in words; {outcome}")
    if outcome.code in (1, 2) and not any(line.startswith("landscape: error:") for line in outcome.lines):
        raise Fault(f"failed without an error; {outcome}")


class Table:
    """Counts by attack, and the failures."""

    def __init__(self):
        self.rows, self.failures, self.skipped, self.lock = {}, [], {}, threading.Lock()

    def add(self, name, fault=None, skipped=None):
        with self.lock:
            row = self.rows.setdefault(name.split("/")[0], [0, 0, 0])
            if skipped:
                self.skipped[skipped] = self.skipped.get(skipped, 0) + 1
                row[2] += 1
                return
            row[0] += 1
            if fault:
                self.failures.append((name, fault))
                print(f"FAILED {name}: {fault}", file=sys.stderr, flush=True)
            else:
                row[1] += 1

    def text(self, repeat):
        lines = [f"{'attack':<14}{'tries':>8}{'survived':>10}{'failed':>8}{'skipped':>9}"]
        for name, (tries, survived, skipped) in self.rows.items():
            lines.append(f"{name:<14}{tries:>8}{survived:>10}{tries - survived:>8}{skipped:>9}")
        lines += [f"skipped {count}: {reason}" for reason, count in sorted(self.skipped.items())]
        for name, fault in sorted(self.failures):
            lines += [f"FAILED {name}: {fault}", f"    {repeat} --only {shlex.quote(name)}"]
        return "\n".join(lines)


def run_cases(cases, table, workers):
    """Runs cases, pairs of a name and a function that is given the name, several at a time."""

    def one(case):
        name, function = case
        try:
            function(name)
        except Skipped as reason:
            table.add(name, skipped=str(reason))
        except Fault as fault:
            table.add(name, str(fault))
        except Exception as error:  # A fault of the campaign must not pass for one of the program, nor be lost.
            table.add(name, f"the campaign itself: {type(error).__name__}: {error}")
        else:
            table.add(name)

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, cases))


def temporary_root():
    # Short, because sockets' names are.
    return tempfile.mkdtemp(prefix="campaign-")
