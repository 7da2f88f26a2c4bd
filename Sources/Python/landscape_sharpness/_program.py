"""The program `landscape`: where it is, and one run of it."""
from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from typing import Callable, Optional, Sequence


class LandscapeError(RuntimeError):
    """What the program could not do, in its own line: what was found, what was expected, and what to do."""


class LandscapeInterrupted(KeyboardInterrupt):
    """A run was stopped. What it had finished is kept beside its checkpoint; the same call with `resume=True` goes on from there."""


def program() -> str:
    """Path of the program: `$LANDSCAPE`, else the one that was installed with this package, else the first on the `PATH`.

    Raises `LandscapeError` if there is none.
    """
    places = [os.environ.get("LANDSCAPE")]
    schemes = {sysconfig.get_default_scheme(), "posix_prefix", "posix_user"} & set(sysconfig.get_scheme_names())
    places += [os.path.join(sysconfig.get_path("scripts", scheme), "landscape") for scheme in sorted(schemes)]
    # Where `pip install --target FOLDER` puts it.
    places.append(str(pathlib.Path(__file__).resolve().parent.parent / "bin" / "landscape"))
    places.append(shutil.which("landscape"))
    for place in places:
        if place and os.path.isfile(place) and os.access(place, os.X_OK):
            return place
    raise LandscapeError("the program landscape is not there: install landscape-sharpness again, or name the program in $LANDSCAPE")


class _Bar:
    """One line of progress for a run of more than a second: tqdm's where it is installed, else text on a terminal."""

    def __init__(self, command: str):
        self.command, self.start, self.bar, self.width = command, time.monotonic(), None, 0

    def show(self, phase: str, done: float, total: Optional[float], detail: str = ""):
        if time.monotonic() - self.start < 1:
            return
        words = f"{self.command}: {phase}"
        if self.bar is None and self.width == 0:
            try:
                from tqdm.auto import tqdm

                self.bar = tqdm(leave=False)
            except ImportError:
                pass
        if self.bar is not None:
            self.bar.total, self.bar.n = total, done
            self.bar.set_description_str(words, refresh=False)
            self.bar.set_postfix_str(detail, refresh=True)
        elif sys.stderr is not None and sys.stderr.isatty():
            line = words + (f" {done:g} of {total:g}" if total else f" {done:g}" if done else "")
            print("\r" + line.ljust(self.width), end="", file=sys.stderr, flush=True)
            self.width = len(line)

    def close(self):
        if self.bar is not None:
            self.bar.close()
        elif self.width:
            print("\r" + " " * self.width + "\r", end="", file=sys.stderr, flush=True)


def run(
    words: Sequence[str], progress: bool = True, remark: Optional[Callable[[str], None]] = None, nice: int = 0,
    started: Optional[Callable[[subprocess.Popen], None]] = None,
) -> str:
    """Runs the program once.

    Parameters
    ----------
    words: its command and options
    progress: whether to show how far it is
    remark: gets each line that the program remarks beside its result; by default they are printed on standard error
    nice: how much lower the priority of the process is, from 0 to 19
    started: gets the process as soon as it runs, to end it from another thread

    Returns what it printed. Raises `LandscapeError` with its line if it fails, and `LandscapeInterrupted` after an interruption.
    """
    command = [program(), *words, "--progress", "json"]
    if nice:
        command = ["nice", "-n", str(nice), *command]
    # A session of its own, so that ^C in a terminal reaches the program once: from here.
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        errors="replace", start_new_session=True)
    if nice:
        _lower(process, nice)
    if started is not None:
        started(process)
    out: list[str] = []
    reader = threading.Thread(target=lambda: out.append(process.stdout.read()), daemon=True)
    reader.start()
    bar = _Bar(words[0]) if progress else None
    problem, said = None, []
    try:
        for line in process.stderr:
            told = _told(line)
            if "error" in told:
                problem = told["error"]
            elif "phase" in told:
                if bar is not None:
                    bar.show(told["phase"], told.get("done") or 0, told.get("total"), told.get("detail") or "")
            elif "remark" in told:
                (remark or _print)(told["remark"])
            elif line.strip():
                said.append(line.strip())
        reader.join()
        code = process.wait()
    except BaseException as stop:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=60)
        except BaseException:
            process.kill()
            process.wait()
        if isinstance(stop, KeyboardInterrupt):
            raise LandscapeInterrupted(f"{words[0]} was stopped; resume=True goes on from what it has kept") from None
        raise
    finally:
        if bar is not None:
            bar.close()
        process.stdout.close()
        process.stderr.close()
    if code:
        if code == 130 or code == -signal.SIGINT:
            raise LandscapeInterrupted(problem or f"{words[0]} was stopped")
        if problem is None and code < 0:
            problem = f"{words[0]} was ended by {signal.Signals(-code).name}" + (
                "; is there too little memory?" if code == -signal.SIGKILL else "")
        raise LandscapeError(problem or (said[-1] if said else f"{words[0]} ended with code {code}"))
    return out[0]


def _lower(process: subprocess.Popen, nice: int):
    """Linux gives sessions equal shares of the processors, whatever is nice in one of them (sched(7), autogroup)."""
    for _ in range(5):
        try:
            with open(f"/proc/{process.pid}/autogroup", "w") as file:
                file.write(str(nice))
            return
        except BlockingIOError:  # Once in a tenth of a second.
            time.sleep(0.15)
        except OSError:  # Another kernel; there nice is enough.
            return


def _told(line: str) -> dict:
    """What a line of `--progress json` says; nothing for another line."""
    if not line.startswith("{"):
        return {}
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _print(remark: str):
    print(f"landscape: {remark}", file=sys.stderr)


def _ignore(remark: str):
    """For a run whose remarks were told before."""
