"""Measures during a training, which does not wait for them."""
from __future__ import annotations

import atexit
import collections
import json
import os
import queue
import signal
import sys
import threading
import weakref
import zlib
from typing import Any, Callable, Mapping, Optional, Sequence, Union

import numpy as np

from . import _tracked
from ._arrays import array, write_safetensors
from ._callbacks import Callback, rate_and_edge
from ._options import PathLike
from ._problem import Problem
from ._program import _print
from ._table import Table

# Bytes of weights that may wait for the disk; two steps may, of any size.
_WAITING = 256 << 20


class Tracker(Callback):
    """Measures a training while it runs, in a process of low priority that it does not wait for.

    In a plain loop, call `step` after each step of the optimizer; or give it as a callback to Lightning's or to Hugging Face's
    Trainer (import Lightning first). Rows of `folder/measures.csv` appear as measures are done. What goes wrong in a measure is
    in `folder/failures.log`, and the training goes on.
    """

    def __init__(
        self,
        problem: Problem,
        every: int,
        measures: Union[str, Sequence[Any], Mapping[str, Mapping[str, Any]]] = ("evaluate", "hessian"),
        folder: PathLike = "tracked",
        *,
        model: Any = None,
        optimizer: Any = None,
        log: Optional[Callable[[dict], Any]] = None,
        keep: Optional[int] = None,
        threads: int = 1,
        nice: int = 19,
        wait: bool = True,
        **options: Any,
    ):
        """
        Parameters
        ----------
        problem: what is measured; made of the module before it is trained
        every: steps from one measure to the next
        measures: names of measures (evaluate, gradient, hessian, sharpness, slice), or a dictionary from names to options, such
            as {"hessian": {"top": 2, "trace": True}, "sharpness": {"rho": 0.05}}
        folder: where everything is kept; opened again, it measures what an interrupted training has left
        model: the module that is trained, where `step` is not told
        optimizer: the optimizer, for the learning rate; for torch.optim.SGD also for the edge of stability
        log: gets the numbers of a step as a dictionary, with `step`, in the training's thread
        keep: number of measured steps whose weights are kept (default: all)
        threads, nice: of the measures' process
        wait: whether `finish` waits by default until all is measured
        options: options of all measures, such as `examples=1000`

        Raises `ValueError` for unknown measures and if the folder tracks another problem, `TypeError` for unknown options, and
        `LandscapeError` if another process tracks this folder.
        """
        if not isinstance(problem, Problem):
            raise TypeError(f"problem: found {type(problem).__name__}, expected a landscape_sharpness.Problem")
        if int(every) != every or every < 1:
            raise ValueError(f"every: found {every}, expected a whole number of at least 1")
        if keep is not None and keep < 0:
            raise ValueError(f"keep: found {keep}, expected a number of at least 0")
        if problem._precision is not None:
            options.setdefault("precision", problem._precision)
        self._plan = _tracked.plan(measures, options)
        self.every, self.keep, self.threads, self.nice, self.wait, self.log = int(every), keep, threads, nice, wait, log
        self._folder, self._model, self._optimizer = _tracked.Folder(folder), model, optimizer
        self.folder = self._folder.path
        self._names, self._shapes, self._check_constants = problem._all_names, problem.shapes, problem._check_constants
        self._last: Optional[int] = None  # The last step that was told.
        self._copied_step: Optional[int] = None
        self._check, self._said_same = None, False
        self._checked, self._open, self._process_id = False, False, os.getpid()
        self._known: dict[int, dict] = {}
        self._losses: dict[int, float] = {}
        self._valid: dict[int, object] = {}  # Steps that are to be measured; another way of the training takes them out.
        self._rows: collections.deque = collections.deque()
        self._lock = threading.Lock()
        self._idle = _rank() != 0  # Of several processes of a training the first tracks.
        if self._idle:
            return
        self._folder.lock()
        try:
            self._folder.adopt(problem)
            tensors = {t["name"]: [t["shape"], t["role"]] for t in problem.info["tensors"]}
            self._folder.write_settings({
                "version": 1, "every": self.every, "measures": self._plan, "graph": os.path.basename(problem._graph),
                "import": _without_files(problem._import), "tensors": tensors})
            self._start()
        except BaseException:
            self._folder.unlock()
            raise
        own = weakref.ref(self)
        atexit.register(lambda: own() is not None and own().finish(wait=False))

    def __enter__(self) -> "Tracker":
        return self

    def __exit__(self, kind: Any, *rest: Any):
        self.finish(wait=False if kind is not None else None)

    # In the training's thread.

    def step(
        self, step: Optional[int] = None, model: Any = None, loss: Any = None, epoch: Optional[float] = None,
        lr: Optional[float] = None,
    ):
        """Tells that the optimizer has taken a step. Every `every` steps the weights are copied, and measured later.

        Parameters
        ----------
        step: steps taken so far (default: calls so far); give it where a training is resumed
        model: the module (default: the tracker's)
        loss: the training loss of the step, a number or a tensor
        epoch: the epoch
        lr: the learning rate of plain gradient descent, for its edge of stability 2/lr; where the tracker has no `optimizer`

        Raises `TypeError` at the first call if the module is not the problem's. Later problems are in `failures.log`.
        """
        self._step(step, model, loss, epoch, lr, self._optimizer)

    def finish(self, wait: Optional[bool] = None):
        """Ends the tracking: weights are on the disk when it returns, and with `wait` (the tracker's `wait` by default) all is
        measured. ^C leaves the rest to `Trajectory(folder).measure()`, or to the next tracker of the folder."""
        if not self._open or self._idle or os.getpid() != self._process_id:
            return
        self._writes.put(None)
        self._writer.join()
        self._jobs.put(None)
        try:
            while (self.wait if wait is None else wait) and self._measurer.is_alive():
                self._measurer.join(0.2)
                self._deliver()
        except KeyboardInterrupt:  # The rest is not waited for.
            pass
        finally:
            self._stop.set()
            with self._lock:
                if self._process is not None and self._process.poll() is None:
                    _kill(self._process)
            self._measurer.join()
            self._open = False
            self._deliver()
            self._folder.unlock()
            left = len(self._valid)
            if left:
                _print(f"{left} steps in {self.folder} are not measured yet; Trajectory({self.folder!r}).measure() does it")
            if self._failed:
                _print(f"{self._failed} problems while tracking, see {self._folder.failures}: {self._last_failure}")
                self._failed = 0

    def _start(self):
        self._writes: queue.Queue = queue.Queue()
        self._jobs: queue.Queue = queue.Queue()
        self._stop = threading.Event()
        self._waiting, self._failed, self._last_failure, self._process = 0, 0, "", None
        self._written = {*self._folder.kept(), *self._folder.rows()}
        self._table = Table(self._folder.table)
        for step in self._folder.missing(_tracked.names(self._plan), failed=False):
            self._queue(step, self._folder.known(step))
        self._writer = threading.Thread(target=self._write_all, name="landscape writer", daemon=True)
        self._measurer = threading.Thread(target=self._measure_all, name="landscape measures", daemon=True)
        self._writer.start()
        self._measurer.start()
        self._open = True

    def _begin(self, step: int, model: Any, epoch: Any, optimizer: Any):
        """The weights that a training begins with count, too."""
        self._last = None
        self._step(step, model, None, epoch, None, optimizer)

    def _step(self, step: Any, model: Any, loss: Any, epoch: Any, lr: Any, optimizer: Any):
        if self._idle:
            return
        if not self._checked:
            self._module(model)
            self._checked = True
        last = self._last
        step = (last or 0) + 1 if step is None else int(step)
        self._last = step
        if self._rows:
            self._deliver()
        if step == last or not (step % self.every == 0 or (last is not None and step // self.every > last // self.every)):
            return
        try:
            if not self._open:
                self._folder.lock()
                self._start()
            self._copy(step, self._module(model), loss, epoch, lr, optimizer)
        except Exception as error:
            self._fail(step, error)

    def _module(self, model: Any) -> Any:
        """The part of a module that has the problem's tensors under its names."""
        model = model if model is not None else self._model
        if model is None:
            raise TypeError("model: found none, expected the module that is trained, in step or in Tracker")
        wanted = {name: shape for name, shape in self._shapes.items()}
        for _, part in model.named_modules():
            own = dict(part.named_parameters(remove_duplicate=False))
            if all(name in own and tuple(own[name].shape) == shape for name, shape in wanted.items()):
                return part
        names = dict(model.named_parameters())
        lacking = next((name for name in wanted if name not in names), None)
        found = f"no {lacking}" if lacking else "parameters of other shapes (are they split over processes?)"
        raise TypeError(f"model: found {found}, expected the module that the problem was made of, or one that holds it")

    def _copy(self, step: int, module: Any, loss: Any, epoch: Any, lr: Any, optimizer: Any):
        from ._export import weights

        self._check_constants(module)
        with self._lock:
            size = sum(t.numel() * t.element_size() for n, t in weights(module).items() if n in self._names)
            if self._writes.qsize() >= 2 and self._waiting + size > _WAITING:
                raise RuntimeError("its weights are not kept: those of earlier steps still wait for the disk")
            self._waiting += size
        rate, edge = rate_and_edge(optimizer)
        if rate is None and lr is not None:
            rate, edge = float(lr), 2 / float(lr)
        loss = loss.detach() if hasattr(loss, "detach") else loss
        known = {
            "epoch": None if epoch is None else float(epoch), "train_loss": None if loss is None else float(loss), "lr": rate,
            "stability_edge": edge}
        # By NumPy in this thread: torch would wait for its other threads.
        arrays = {name: np.array(array(tensor), order="C") for name, tensor in weights(module, self._names).items()}
        self._copied_step = step
        self._writes.put((step, arrays, known, size))

    def _deliver(self):
        """Gives the user what has been measured since."""
        while self._rows:
            row = self._rows.popleft()
            if self.log is not None:
                try:
                    self.log(row)
                except Exception as error:
                    self._fail(row["step"], f"log: {type(error).__name__}: {error}")

    def _fail(self, step: Optional[int], problem: Any):
        text = f"{type(problem).__name__}: {problem}" if isinstance(problem, Exception) else str(problem)
        self._failed += 1
        self._last_failure = f"step {step}: {text}"
        self._folder.fail(step, text)

    # In threads of its own.

    def _write_all(self):
        while (item := self._writes.get()) is not None:
            step, arrays, known, size = item
            try:
                self._write(step, arrays, known)
            except Exception as error:
                self._fail(step, error)
            del item, arrays
            with self._lock:
                self._waiting -= size

    def _write(self, step: int, arrays: dict, known: dict):
        if any(other >= step for other in self._written):
            with self._lock:
                for other in [other for other in self._valid if other >= step]:
                    del self._valid[other]
                aside = self._folder.set_aside(step)
                self._table = Table(self._folder.table)
            self._written = {other for other in self._written if other < step}
            if aside:
                _print(f"the training goes on from before step {step}; what was tracked of later steps is now in {aside}")
        known["finite"] = all(bool(np.isfinite(value).all()) for value in arrays.values())
        check = 0
        for value in arrays.values():
            check = zlib.crc32(value.reshape(-1).view(np.uint8), check)
        if check == self._check and not self._said_same:
            self._said_same = True
            self._fail(step, "note: the weights are those of the step before; is the module given to the tracker the one that trains?")
        self._check = check
        write_safetensors(self._folder.weights(step), arrays, {"step": str(step), "landscape": json.dumps(known)})
        self._written.add(step)
        self._queue(step, known)

    def _queue(self, step: int, known: dict):
        token = object()
        self._known[step] = known
        self._valid[step] = token
        self._jobs.put((step, token))

    def _measure_all(self):
        while (job := self._jobs.get()) is not None and not self._stop.is_set():
            step, token = job
            if self._valid.get(step) is not token:
                continue
            try:
                self._measure(step, token)
            except Exception as error:
                self._fail(step, error)
                self._valid.pop(step, None)

    def _measure(self, step: int, token: object):
        known, row, problems = self._known[step], {}, []
        if known.get("finite") is not False:
            source = [
                self._folder.file("checkpoint.bin"), "--weights", self._folder.weights(step),
                f"--data=npz:{self._folder.file('data.npz')}"]
            try:
                row, problems = _tracked.measure(self._folder, source, self._plan, self.threads, self.nice, self._started)
            except Exception as error:
                problems = [f"{type(error).__name__}: {error}"]
        if self._stop.is_set():
            return
        with self._lock:
            if self._valid.get(step) is not token:
                return
            if step in self._losses:
                known = {**known, "train_loss": self._losses.pop(step)}
            line = _tracked.line(step, known, row, problems)
            self._table.append(line)
            del self._valid[step], self._known[step]
        for problem in problems:
            self._fail(step, problem)
        self._rows.append({name: value for name, value in line.items() if isinstance(value, (bool, int, float))})
        if self.log is None:
            self._rows.clear()
        if self.keep is not None:
            measured = [s for s in self._folder.kept() if s not in self._valid and s <= step]
            for old in measured[: max(0, len(measured) - self.keep)]:
                os.unlink(self._folder.weights(old))

    def _started(self, process: Any):
        with self._lock:
            self._process = process
            if self._stop.is_set():
                _kill(process)


def _kill(process: Any):
    """Ends it with whatever it has started; it has a session of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _rank() -> int:
    """Which of the processes of a training this is."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank()
    return int(os.environ.get("RANK") or os.environ.get("LOCAL_RANK") or 0)


def _without_files(words: Sequence[str]) -> list[str]:
    """Words of `landscape import` without those for data and checkpoint."""
    found, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("--data", "-o"):
            skip = True
        else:
            found.append(word)
    return found
