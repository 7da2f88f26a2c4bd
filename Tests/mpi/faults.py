"""Kills, stops and interrupts ranks, fills the disk of rank 0, and sees that all end within 10 seconds with the work kept, and that it
goes on with another number of ranks to the same result.

    python3 Tests/mpi/faults.py --landscape PATH [--only WORDS]...

Needs Open MPI (openmpi-bin). The full disk needs root, for a small file system in memory.
"""

import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

LAUNCHER = ["mpirun.openmpi", "--oversubscribe", "--bind-to", "none"]
ENVIRONMENT = dict(
    os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", LANDSCAPE_KEEP_SECONDS="1")
SLICE = "slice conv.bin --points 101x101 --quiet -o slice.npz"
TRAIN = "train --model lenet --data digits --epochs 200 --batch-size 720 --quiet -o train.bin"
PATIENCE = 10


class Failure(Exception):
    pass


def children(pid):
    """The landscape processes that a launcher has started, in the order of their ranks."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = path.read_text().rsplit(")", 1)
            if int(rest.split()[1]) != pid or "landscape" not in name:
                continue
            environment = (path.parent / "environ").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        for entry in environment:
            if entry.startswith(b"OMPI_COMM_WORLD_RANK="):
                found[int(entry.split(b"=")[1])] = int(path.parent.name)
    return [found[rank] for rank in sorted(found)]


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Job:
    """A command on several ranks, which is to be disturbed."""

    def __init__(self, landscape, command, folder, ranks):
        self.process = subprocess.Popen(
            LAUNCHER + ["-n", str(ranks), str(landscape)] + command.split(), cwd=folder, env=ENVIRONMENT,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until = time.time() + 30
        self.pids = []
        while len(self.pids) < ranks:
            self.pids = children(self.process.pid)
            if time.time() > until or self.process.poll() is not None:
                raise Failure(f"the ranks of {command} did not start: {self.process.communicate()[1]}")
            time.sleep(0.05)

    def end(self):
        """Waits for the end of all, which has to come in time."""
        begun = time.time()
        try:
            out, errors = self.process.communicate(timeout=PATIENCE)
            while any(map(is_alive, self.pids)):
                if time.time() - begun > PATIENCE:
                    raise Failure(f"ranks were still there after {PATIENCE} s: {errors}")
                time.sleep(0.1)
        except subprocess.TimeoutExpired:
            raise Failure(f"the launcher did not end within {PATIENCE} s")
        finally:
            for pid in [self.process.pid] + self.pids:
                if is_alive(pid):
                    os.kill(pid, signal.SIGKILL)
        return self.process.returncode, errors, time.time() - begun


def alone(landscape, command, folder):
    done = subprocess.run([str(landscape)] + command.split(), cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"{command}: {done.stderr}")


def disturbed(landscape, command, result, folder, disturb, expected):
    """Disturbs a command on three ranks, goes on with two, and compares with one process."""
    job = Job(landscape, command, folder, 3)
    time.sleep(3)
    if job.process.poll() is not None:
        raise Failure(f"{command} has ended too soon to be disturbed: {job.process.communicate()[1]}")
    disturb(job)
    code, errors, seconds = job.end()
    if code == 0:
        raise Failure("it ended as if nothing had happened")
    said = [line for line in errors.splitlines() if line.startswith("landscape: ")]
    if expected and not (any(expected in line for line in said) and any("--resume" in line for line in said)):
        raise Failure(f"expected '{expected}' and the way to resume, found {errors}")
    # A rank 0 that is woken to be ended tells of its end, too.
    most = 2 if expected == "rank 0 on " else 1
    if sum("error" in line or "interrupted" in line for line in said) > most:
        raise Failure(f"it was told more than once: {said}")
    done = subprocess.run(
        LAUNCHER + ["-n", "2", str(landscape)] + command.split() + ["--resume"], cwd=folder, env=ENVIRONMENT,
        capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise Failure(f"it does not go on: {done.stderr}")
    if (folder / result).read_bytes() != (folder / ("whole-" + result)).read_bytes():
        raise Failure("what went on has other bits than one process")
    return seconds


def send(number, rank=None):
    return lambda job: os.kill(job.process.pid if rank is None else job.pids[rank], number)


FAULTS = {
    "rank 1 killed": (send(signal.SIGKILL, 1), ""),
    "rank 0 killed": (send(signal.SIGKILL, 0), ""),
    "rank 2 stopped": (send(signal.SIGSTOP, 2), "rank 2 on "),
    "rank 0 stopped": (send(signal.SIGSTOP, 0), "rank 0 on "),
    "rank 1 interrupted": (send(signal.SIGINT, 1), "interrupted"),
    "launcher terminated": (send(signal.SIGTERM), "interrupted"),
}


def full_disk(landscape, folder):
    """Rank 0 cannot write the result: it is kept elsewhere, and all ranks end."""
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(disk)], check=True)
    try:
        done = subprocess.run(
            LAUNCHER + ["-n", "3", str(landscape)] + f"gradient conv.bin --save {disk}/g.npy --quiet".split(), cwd=folder,
            env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
        if done.returncode == 0 or "No space left" not in done.stderr or "instead" not in done.stderr:
            raise Failure(f"code {done.returncode}: {done.stderr}")
        if done.stderr.count("landscape: error") != 1:
            raise Failure(f"it was told more than once: {done.stderr}")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def started_alone(landscape, folder):
    """Of two ranks one runs a command that never starts MPI: the other waits for it."""
    return subprocess.Popen(
        LAUNCHER + ["-n", "1", str(landscape), "--version", ":", "-n", "1", str(landscape), "evaluate", "conv.bin"], cwd=folder,
        env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def is_given_up(waiting):
    """It ends after a minute, with a word."""
    try:
        errors = waiting.communicate(timeout=75)[1]
    except subprocess.TimeoutExpired:
        waiting.kill()
        raise Failure("a rank still waits for another that never started MPI")
    if waiting.returncode == 0 or "for the other ranks to start" not in errors or "Backtrace" in errors:
        raise Failure(f"code {waiting.returncode}: {errors}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--landscape", required=True, type=pathlib.Path)
    parser.add_argument("--only", action="append", help="faults whose name holds these words; again for more")
    options = parser.parse_args()
    landscape = options.landscape.resolve()
    wrong = 0

    def is_wanted(name):
        return not options.only or any(words in name for words in options.only)

    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        alone(landscape, "train --model lenet --data digits --epochs 1 --examples 600 --quiet -o conv.bin", folder)
        for command, result in ((SLICE, "slice.npz"), (TRAIN, "train.bin")):
            alone(landscape, command.replace(result, "whole-" + result), folder)
        # It takes a minute, beside the others.
        waiting = started_alone(landscape, folder) if is_wanted("other command") else None
        for command, result in ((SLICE, "slice.npz"), (TRAIN, "train.bin")):
            for name, (disturb, expected) in FAULTS.items():
                label = f"{command.split()[0]}, {name}"
                if not is_wanted(label):
                    continue
                for path in folder.glob("*"):
                    if path.name != "conv.bin" and not path.name.startswith("whole-"):
                        path.unlink()
                try:
                    seconds = disturbed(landscape, command, result, folder, disturb, expected)
                    print(f"{label}: all ended after {seconds:.1f} s, and went on to the same bits", flush=True)
                except (Failure, subprocess.TimeoutExpired) as failure:
                    wrong += 1
                    print(f"{label}: {failure}", flush=True)
        if os.geteuid() == 0 and is_wanted("full disk"):
            try:
                full_disk(landscape, folder)
                print("full disk: told once, and the result is kept elsewhere", flush=True)
            except (Failure, subprocess.SubprocessError) as failure:
                wrong += 1
                print(f"full disk: {failure}", flush=True)
        if waiting:
            try:
                is_given_up(waiting)
                print("other command: a rank that waits for one that never starts MPI gives up", flush=True)
            except Failure as failure:
                wrong += 1
                print(f"other command: {failure}", flush=True)
    if wrong:
        sys.exit(f"{wrong} faults did not end as they should")
    print("every fault ends in time, with the work kept")


if __name__ == "__main__":
    main()
