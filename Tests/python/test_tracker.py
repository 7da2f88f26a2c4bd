"""Tracking of a training: it is the same training, it does not wait, and what it leaves can be read after a kill.

    LANDSCAPE=PROGRAM PYTHONPATH=Sources/Python python -m unittest discover Tests/python
"""
import contextlib
import io
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest
from unittest import mock

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE.parents[1] / "Sources" / "Python"
sys.path[:0] = [str(SOURCES), str(HERE)]
try:
    import torch
    from torch import nn
except ImportError:
    raise unittest.SkipTest("torch is not installed")

import landscape_sharpness as landscape
from landscape_sharpness import _table, _tracked, _tracker
from tracked_training import data, network, problem, steps

PROGRAM = landscape.program()
MEASURES = subprocess.run([PROGRAM, "measure", "--help"], capture_output=True).returncode == 0


def flat(model):
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


def untracked(count):
    model = network()
    steps(model, count)
    return flat(model)


class Case(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="tracker-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.said = io.StringIO()
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        stack.enter_context(contextlib.redirect_stderr(self.said))

    @property
    def folder(self):
        return self.home / "tracked"

    def failures(self):
        path = self.folder / "failures.log"
        return path.read_text() if path.exists() else ""

    def tracker(self, model, every=2, measures=("evaluate", "hessian"), **settings):
        found = landscape.Tracker(problem(model), every, measures, self.folder, model=model, **settings)
        self.addCleanup(found.finish, wait=False)
        return found

    @contextlib.contextmanager
    def program(self, measure):
        """The program, but for `measure`, which is this piece of shell."""
        path = self.home / "program.sh"
        path.write_text(f"#!/bin/bash\nif [[ $1 == measure ]]; then {measure}; fi\nexec '{PROGRAM}' \"$@\"\n")
        path.chmod(0o755)
        with mock.patch.dict(os.environ, {"LANDSCAPE": str(path)}):
            yield


class Tables(Case):
    def test_lines(self):
        path = str(self.home / "t.csv")
        table = _table.Table(path)
        table.append({"step": 1, "a": 0.1, "ok": True, "status": "one, two\nthree"})
        table.append({"step": 2, "b": float("nan"), "a": None})
        self.assertEqual(_table.rows(path), [
            {"step": "1", "a": "0.1", "ok": "1", "status": "one, two three", "b": ""},
            {"step": "2", "a": "", "ok": "", "status": "", "b": "nan"}])

    def test_torn_at_every_byte(self):
        path = str(self.home / "t.csv")
        _table.Table(path).append({"step": 1, "a": 0.25})
        _table.Table(path).append({"step": 2, "a": 0.5})
        whole = pathlib.Path(path).read_bytes()
        for end in range(len(whole) + 1):
            pathlib.Path(path).write_bytes(whole[:end])
            expected = max(0, whole[:end].count(b"\n") - 1)
            self.assertEqual(len(_table.rows(path)), expected)
            _table.Table(path).append({"step": 3, "a": 0.75})
            self.assertEqual([float(row["a"]) for row in _table.rows(path)], [0.25, 0.5][:expected] + [0.75])

    def test_full_disk(self):
        path = str(self.home / "t.csv")
        _table.Table(path).append({"step": 1, "a": "x" * 100})
        code = (
            "import resource, signal, sys; sys.path.insert(0, sys.argv[2]); from landscape_sharpness._table import Table\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (150, 150))\n"
            "Table(sys.argv[1]).append({'step': 2, 'a': 'y' * 100})")
        ended = subprocess.run([sys.executable, "-c", code, path, str(SOURCES)], capture_output=True, text=True)
        self.assertIn("OSError", ended.stderr)
        self.assertEqual([row["step"] for row in _table.rows(path)], ["1"])
        self.assertTrue(pathlib.Path(path).read_text().endswith("\n"))


class Plans(unittest.TestCase):
    def test_words(self):
        self.assertEqual(_tracked.plan(["evaluate", "hessian"], {}), [["--measures=evaluate,hessian"]])
        self.assertEqual(
            _tracked.plan({"hessian": {"top": 2, "trace": True}, "sharpness": {"rho": 0.1, "examples": 50}}, {"batchnorm": "batch"}), [
                ["--measures=hessian", "--batchnorm=batch", "--top=2", "--trace"],
                ["--measures=sharpness", "--batchnorm=batch", "--examples=50", "--rho=0.1"]])
        self.assertEqual(_tracked.plan(["evaluate", {"hessian": {"top": 3}}], {}), [["--measures=evaluate,hessian", "--top=3"]])

    def test_refusals(self):
        for error, words, measures, options in [
            (ValueError, "found 'hesian', expected names of", "hesian", {}), (ValueError, "found none", [], {}),
            (TypeError, "did you mean top", {"hessian": {"topp": 1}}, {}), (TypeError, "no option exampels", "hessian", {"exampels": 1}),
            (TypeError, "takes no save_vectors", {"hessian": {"save_vectors": "v.npy"}}, {}),
        ]:
            with self.assertRaisesRegex(error, words):
                _tracked.plan(measures, options)


class Robust(Case):
    """Whatever the measures do, the training is the same."""

    def test_crashes(self):
        for measure, word in [
            ("kill -SEGV $$", "SIGSEGV"), ("kill -KILL $$", "SIGKILL"), ("exit 1", "code 1"), ("exit 0", "is no result of measure"),
            ('echo "{" > "${@: -4:1}"; exit 0', "json is no result"), ("echo '{\"error\": \"so it is\"}' >&2; exit 2", "so it is"),
        ]:
            with self.subTest(measure=measure), self.program(measure):
                shutil.rmtree(self.folder, ignore_errors=True)
                model = network()
                tracker = self.tracker(model)
                steps(model, 20, lambda step, loss: tracker.step(loss=loss))
                tracker.finish()
                self.assertTrue(torch.equal(flat(model), untracked(20)))
                table = landscape.Trajectory(self.folder).table
                self.assertEqual(list(table["step"]), list(range(2, 21, 2)))
                self.assertTrue(all(status.startswith("failed") for status in table["status"]), table["status"])
                self.assertIn(word, self.failures())
                self.assertIn("problems while tracking", self.said.getvalue())

    def test_no_program(self):
        model = network()
        tracker = self.tracker(model)
        with mock.patch.object(landscape._program, "program", side_effect=landscape.LandscapeError("the program is gone")):
            steps(model, 4, lambda step, loss: tracker.step())
            tracker.finish()
        self.assertIn("the program is gone", self.failures())
        self.assertTrue(torch.equal(flat(model), untracked(4)))

    def test_does_not_wait(self):
        with self.program("sleep 100"):
            model = network()
            tracker = self.tracker(model, every=1)
            took = []

            def after(step, loss):
                begin = time.perf_counter()
                tracker.step(loss=loss)
                took.append(time.perf_counter() - begin)

            begin = time.monotonic()
            steps(model, 200, after)
            tracker.finish(wait=False)
            self.assertLess(time.monotonic() - begin, 30)
        print(f"step of a tracker that saves each time: median {1e3 * np.median(took):.3f} ms, largest {1e3 * max(took):.1f} ms")
        self.assertEqual(len(list((self.folder / "weights").iterdir())), 200)
        self.assertIn("200 steps", self.said.getvalue())
        self.assertTrue(torch.equal(flat(model), untracked(200)))

    @unittest.skipUnless(sys.platform == "linux", "of Linux")
    def test_low_priority(self):
        """Against the training, too, whose session is another one: where Linux groups by session, nice counts within one alone."""
        told = self.home / "told"
        with self.program(f"sleep 1; ps -o ni= -p $$ > '{told}'; cat /proc/$$/autogroup >> '{told}'; exit 1"):
            model = network()
            tracker = self.tracker(model)
            steps(model, 2, lambda step, loss: tracker.step())
            tracker.finish()
        nice, *groups = told.read_text().split("\n")
        self.assertEqual(int(nice), 19)
        if groups and pathlib.Path("/proc/sys/kernel/sched_autogroup_enabled").read_text().strip() == "1":
            self.assertTrue(groups[0].endswith("nice 19"), groups)

    def test_full_folder(self):
        """Weights that cannot be written are noted, and the training goes on."""
        model = network()
        tracker = self.tracker(model)
        with mock.patch.object(_tracker, "write_safetensors", side_effect=OSError(28, "No space left on device")):
            steps(model, 6, lambda step, loss: tracker.step())
            tracker.finish()
        self.assertEqual(self.failures().count("No space left"), 3)
        self.assertTrue(torch.equal(flat(model), untracked(6)))

    def test_memory_is_bounded(self):
        """Weights that the disk is too slow for are left out, with a note, and do not pile up."""
        model, gate, real = network(), threading.Event(), _tracker.write_safetensors
        tracker = self.tracker(model, every=1, measures="evaluate")
        self.addCleanup(gate.set)
        with mock.patch.object(_tracker, "_WAITING", 1), mock.patch.object(
                _tracker, "write_safetensors", side_effect=lambda *a: (gate.wait(), real(*a))):
            steps(model, 10, lambda step, loss: (tracker.step(), self.assertLessEqual(tracker._writes.qsize(), 2)))
            gate.set()
            tracker.finish(wait=False)
        kept = len(list((self.folder / "weights").iterdir()))
        self.assertIn(kept, (2, 3))
        self.assertEqual(self.failures().count("still wait for the disk"), 10 - kept)

    def test_weights_of_the_step(self):
        """Kept weights are those of their step, however late they are written."""
        model, gate, real, expected = network(), threading.Event(), _tracker.write_safetensors, {}
        tracker = self.tracker(model, every=1, measures="evaluate")
        self.addCleanup(gate.set)
        with mock.patch.object(_tracker, "write_safetensors", side_effect=lambda *a: (gate.wait(), real(*a))):
            steps(model, 4, lambda step, loss: (tracker.step(), expected.update({step: flat(model)})))
            gate.set()
            tracker.finish(wait=False)
        for step, weights in expected.items():
            found = (self.folder / "weights" / f"step-{step:08d}.safetensors").read_bytes()
            start = 8 + int.from_bytes(found[:8], "little")
            np.testing.assert_array_equal(np.frombuffer(found[start:], np.float32), weights.numpy())

    def test_log_that_fails(self):
        with self.program("exit 1"):
            model = network()
            tracker = self.tracker(model, log=lambda row: 1 / 0)
            steps(model, 4, lambda step, loss: tracker.step())
            tracker.finish()
        self.assertIn("log: ZeroDivisionError", self.failures())

    def test_second_process(self):
        tracker = self.tracker(network())
        with self.assertRaisesRegex(landscape.LandscapeError, f"is being tracked by process {os.getpid()}"):
            self.tracker(network())
        ended = subprocess.run(
            [sys.executable, str(HERE / "tracked_training.py"), str(self.folder), "2"], capture_output=True, text=True)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("is being tracked", ended.stderr)
        with self.assertRaisesRegex(landscape.LandscapeError, "is being tracked"):
            landscape.Trajectory(self.folder).measure()
        tracker.finish()
        self.tracker(network()).finish()

    def test_wrong_module(self):
        tracker = self.tracker(network())
        with self.assertRaisesRegex(TypeError, "found no 0.weight"):
            tracker.step(model=nn.ModuleDict({"a": nn.Linear(3, 3)}))
        with self.assertRaisesRegex(TypeError, "of other shapes"):
            tracker.step(model=nn.Sequential(nn.Linear(6, 11), nn.Tanh(), nn.Linear(11, 3)))
        tracker._model = None
        with self.assertRaisesRegex(TypeError, "found none"):
            tracker.step()
        model = network()
        holder = nn.ModuleDict({"head": nn.Linear(2, 2), "body": model})  # As a LightningModule, or DataParallel.
        tracker.step(2, holder)
        tracker.finish(wait=False)
        self.assertEqual([path.name for path in (self.folder / "weights").iterdir()], ["step-00000002.safetensors"])

    def test_refusals(self):
        for error, words, settings in [
            (ValueError, "every: found 0", {"every": 0}), (ValueError, "keep: found -1", {"keep": -1}),
            (TypeError, "no option exampels", {"exampels": 3}), (ValueError, "found 'x'", {"measures": "x"}),
        ]:
            with self.assertRaisesRegex(error, words):
                self.tracker(network(), **settings)
        with self.assertRaisesRegex(TypeError, "found Sequential, expected a landscape_sharpness.Problem"):
            landscape.Tracker(network(), 1)
        self.tracker(network()).finish()
        other = landscape.Problem(network(), (data()[0] + 1, data()[1]), loss="cross-entropy")
        with self.assertRaisesRegex(ValueError, "tracks another problem: its data differ"):
            landscape.Tracker(other, 2, folder=self.folder)

    def test_same_weights_are_noted(self):
        model = network()
        tracker = self.tracker(network(), measures="evaluate")
        steps(model, 6, lambda step, loss: tracker.step())
        tracker.finish(wait=False)
        self.assertEqual(self.failures().count("the one that trains"), 1)

    def test_other_ranks_are_idle(self):
        with mock.patch.dict(os.environ, {"RANK": "1"}):
            model = network()
            tracker = self.tracker(model)
            steps(model, 4, lambda step, loss: tracker.step())
            tracker.finish()
        self.assertFalse(self.folder.exists())


@unittest.skipUnless(MEASURES, "the program has no measure")
class Measured(Case):
    def test_numbers(self):
        """What is in the table is what the problem's methods give with the weights of that step."""
        model, expected = network(), {}
        own = problem(model)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
        rows = []
        tracker = self.tracker(
            model, 5, {"hessian": {"top": 2, "trace": True}, "sharpness": {"rho": 0.1, "examples": 20}}, optimizer=optimizer,
            log=rows.append)

        def after(step, loss):
            tracker.step(loss=loss, epoch=step / 4)
            if step % 5 == 0:
                own.update(model)
                expected[step] = (own.hessian(top=2, trace=True), own.sharpness(rho=0.1, examples=20), loss.item())

        steps(model, 20, after, optimizer)
        tracker.finish()
        self.assertTrue(torch.equal(flat(model), untracked(20)))
        table = landscape.Trajectory(self.folder).table
        self.assertEqual([row["step"] for row in rows], [5, 10, 15, 20])
        for i, (step, (hessian, sharpness, loss)) in enumerate(expected.items()):
            self.assertEqual(table["step"][i], step)
            self.assertEqual(table["epoch"][i], step / 4)
            self.assertEqual(table["train_loss"][i], loss)
            self.assertEqual(table["stability_edge"][i], 3.8 / 0.2)
            for name, value in {"hessian": hessian, "sharpness": sharpness}.items():
                for key, number in value.to_dict().items():
                    if number is not None and not _tracked._DETAIL.search("." + key) and key != "seconds":
                        self.assertEqual(table[f"{name}.{key}"][i], float(number), (name, key))
                        self.assertEqual(rows[i][f"{name}.{key}"], number)
        self.assertEqual(self.failures(), "")

    def test_killed_at_any_moment(self):
        """Whole rows with the right numbers; opened again, the rest is measured, and the folder is as without the kill."""
        whole = self.home / "whole"
        subprocess.run([sys.executable, HERE / "tracked_training.py", whole, "40"], check=True, capture_output=True)
        expected = landscape.Trajectory(whole).table
        self.assertEqual(list(expected["step"]), list(range(2, 41, 2)))
        seed = random.SystemRandom().randrange(1000)
        generator, seen = random.Random(seed), []
        for run in range(5):
            folder = self.home / f"killed{run}"
            process = subprocess.Popen(
                [sys.executable, HERE / "tracked_training.py", folder, "40", "0.02"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            process.stdout.readline()
            # The first of them well before the end, which comes after 0.8 s or later.
            time.sleep(generator.uniform(0.05, 1.5) if run else 0.3)
            process.kill()
            process.communicate()
            trajectory = landscape.Trajectory(folder)
            before = trajectory.steps
            trajectory.measure(progress=False)
            table = trajectory.table
            kept = [int(path.stem[5:]) for path in (folder / "weights").glob("*.safetensors")]
            self.assertEqual(list(table["step"]), sorted(kept), f"seed {seed}")
            places = np.searchsorted(expected["step"], table["step"])
            for name in ("evaluate.loss", "hessian.eigenvalues.0", "hessian.residuals.0", "train_loss"):
                np.testing.assert_array_equal(table[name], expected[name][places], err_msg=f"{name}, seed {seed}")
            self.assertEqual(
                [p.name for p in folder.rglob("*") if p.name.endswith((".part", ".unfinished"))], [], f"seed {seed}")
            seen.append((len(before), len(kept)))
        print(f"killed (seed {seed}): rows before and after the rest was measured: {seen}")
        self.assertTrue(any(after < len(expected["step"]) for _, after in seen), "no kill came before the end")

    def test_opened_again(self):
        """A tracker measures what the one before has left; a training that goes back sets the later steps aside."""
        model = network()
        tracker = self.tracker(model)
        steps(model, 10, lambda step, loss: tracker.step(step))
        tracker.finish(wait=False)
        left = len(landscape.Trajectory(self.folder).steps)
        again = self.tracker(model)
        again.finish()
        self.assertLess(left, 5)
        self.assertEqual(list(landscape.Trajectory(self.folder).steps), [2, 4, 6, 8, 10])
        before = landscape.Trajectory(self.folder).lambda_max
        again = self.tracker(model)
        steps(model, 4, lambda step, loss: again.step(step + 4))  # From step 4 on, another way.
        again.finish()
        trajectory = landscape.Trajectory(self.folder)
        self.assertEqual(list(trajectory.steps), [2, 4, 6, 8])
        self.assertTrue(np.array_equal(trajectory.lambda_max[:2], before[:2]))
        self.assertTrue(np.all(trajectory.lambda_max[2:] != before[2:4]))
        self.assertIn("goes on from before step 6", self.said.getvalue())
        aside = self.folder / "superseded-1"
        self.assertEqual([row["step"] for row in _table.rows(str(aside / "measures.csv"))], ["6", "8", "10"])
        self.assertEqual(len(list((aside / "weights").iterdir())), 3)

    def test_not_finite(self):
        model = network()
        tracker = self.tracker(model, every=1)

        def after(step, loss):
            if step == 3:
                with torch.no_grad():
                    model[0].weight[0, 0] = float("nan")
            tracker.step(loss=loss)

        steps(model, 4, after)
        tracker.finish()
        trajectory = landscape.Trajectory(self.folder)
        self.assertEqual(list(trajectory.table["status"]), ["ok", "ok", "weights not finite", "weights not finite"])
        self.assertEqual(list(np.isnan(trajectory.lambda_max)), [False, False, True, True])
        trajectory.measure(progress=False)
        self.assertEqual(len(trajectory.steps), 4)
        with self.assertRaisesRegex(landscape.LandscapeError, "2 checkpoints"):  # Those that are finite.
            trajectory.path(points=5)

    def test_progress_of_what_is_left(self):
        model = network()
        with self.tracker(model, every=1, wait=False) as tracker:
            steps(model, 3, lambda step, loss: tracker.step(loss=loss))
            tracker.finish(wait=False)
        self.assertEqual(len(landscape.Trajectory(self.folder).measure().steps), 3)

    def test_one_measure_fails(self):
        model = network()
        tracker = self.tracker(model, measures={"evaluate": {}, "hessian": {"top": 10000}})
        steps(model, 2, lambda step, loss: tracker.step())
        tracker.finish()
        table = landscape.Trajectory(self.folder).table
        self.assertTrue(np.isfinite(table["evaluate.loss"][0]))
        self.assertIn("failed: hessian: ", table["status"][0])

    def test_keep(self):
        model = network()
        tracker = self.tracker(model, every=1, measures="evaluate", keep=2)
        steps(model, 6, lambda step, loss: tracker.step())
        tracker.finish()
        self.assertEqual(
            sorted(path.name for path in (self.folder / "weights").iterdir()), ["step-00000005.safetensors", "step-00000006.safetensors"])
        self.assertEqual(len(landscape.Trajectory(self.folder).steps), 6)

    def test_folder_alone(self):
        """On another machine: elsewhere, by a process without torch."""
        model = network()
        tracker = self.tracker(model)
        steps(model, 10, lambda step, loss: tracker.step())
        tracker.finish()
        there = self.home / "there"
        shutil.move(self.folder, there)
        code = f"""if True:
            import sys
            sys.modules["torch"] = None
            sys.path.insert(0, {str(SOURCES)!r})
            import landscape_sharpness as landscape
            t = landscape.Trajectory({str(there)!r})
            t.measure({{"sharpness": {{"rho": 0.1}}}}, progress=False)
            assert (t.table["sharpness.worst_case.lower_bound"] > 0).all() and (t.lambda_max > 0).all()
            assert len(t.steps) == 5, t.steps
            print(t.path(points=7).json["command"])
            t.save({str(self.home / "t.csv")!r})
            """
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
        self.assertEqual((ended.returncode, ended.stdout), (0, "trajectory\n"), ended.stderr)
        self.assertEqual((self.home / "t.csv").read_bytes(), (there / "measures.csv").read_bytes())

    def test_double(self):
        model = network().double()
        own = landscape.Problem(model, tuple(part.double() if part.is_floating_point() else part for part in data()), "cross-entropy")
        with landscape.Tracker(own, 1, "hessian", self.folder, model=model) as tracker:
            tracker.step()
        self.assertEqual(landscape.Trajectory(self.folder).lambda_max[0], own.update(model).hessian().eigenvalues[0])

    def test_picture(self):
        try:
            import matplotlib.image
        except ImportError:
            self.skipTest("matplotlib is not installed")
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
        tracker = self.tracker(model, optimizer=optimizer)
        with self.assertRaisesRegex(landscape.LandscapeError, "has no λmax yet"):
            landscape.Trajectory(self.folder).save(self.home / "t.png")
        steps(model, 10, lambda step, loss: tracker.step(), optimizer)
        tracker.finish()
        path = landscape.Trajectory(self.folder).save(self.home / "t.png")
        picture = matplotlib.image.imread(path)
        self.assertGreater(picture.shape[1], 400)
        self.assertGreater(picture[..., :3].std(), 0.01)

    def test_own_training(self):
        landscape.train(
            self.home / "c.bin", model="mlp:64-8-10", data="digits", examples=100, epochs=4, save_every=1, track_sharpness=2)
        trajectory = landscape.Trajectory(self.home)
        self.assertEqual(list(trajectory.steps), [1, 2, 3, 4])
        self.assertEqual(list(np.isfinite(trajectory.lambda_max)), [False, True, False, True])
        tracked = trajectory.lambda_max
        with self.assertRaisesRegex(TypeError, "measures: expected names"):
            trajectory.measure()
        trajectory.measure("hessian", progress=False)
        self.assertEqual(list(trajectory.steps), [0, 1, 2, 3, 4])
        np.testing.assert_allclose(trajectory.lambda_max[[2, 4]], tracked[[1, 3]], rtol=1e-3)
        self.assertEqual(np.shape(trajectory.path(points=5).values), (5, 5))
        with self.assertRaisesRegex(FileNotFoundError, "holds no training"):
            landscape.Trajectory(tempfile.gettempdir() + "/nothing")


class Callbacks(Case):
    """The hooks as the libraries call them."""

    def lightning(self, tracker, model, exception=None):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
        trainer = types.SimpleNamespace(is_global_zero=True, global_step=0, current_epoch=0, optimizers=[optimizer])
        module = nn.ModuleDict({"net": model})
        tracker.setup(trainer, module, stage="fit") if hasattr(tracker, "setup") else None
        tracker.on_fit_start(trainer, module)
        tracker.on_train_start(trainer, module)

        def after(step, loss):
            trainer.global_step = step
            tracker.on_before_zero_grad(trainer, module, optimizer)
            tracker.on_train_batch_end(trainer, module, {"loss": loss.detach()}, None, step - 1)

        steps(model, 6, after, optimizer)
        tracker.on_exception(trainer, module, exception) if exception else tracker.on_train_end(trainer, module)

    def transformers(self, tracker, model):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
        state = types.SimpleNamespace(is_world_process_zero=True, global_step=0, epoch=0.0)
        others = {
            "model": model, "processing_class": None, "optimizer": types.SimpleNamespace(optimizer=optimizer), "lr_scheduler": None,
            "train_dataloader": None, "eval_dataloader": None}
        for event in ("on_init_end", "on_train_begin", "on_epoch_begin"):
            self.assertIsNone(getattr(tracker, event)(None, state, None, **others))

        def after(step, loss):
            state.global_step, state.epoch = step, step / 4
            self.assertIsNone(tracker.on_step_end(None, state, None, **others))
            tracker.on_log(None, state, None, logs={"loss": loss.item(), "grad_norm": 1.0}, **others)

        steps(model, 6, after, optimizer)
        tracker.on_train_end(None, state, None, **others)

    def test_stand_ins(self):
        for name in ("lightning", "transformers"):
            with self.subTest(name), self.program("exit 1"):
                shutil.rmtree(self.folder, ignore_errors=True)
                model = network()
                tracker = self.tracker(model, every=3)
                getattr(self, name)(tracker, model)
                table = landscape.Trajectory(self.folder).table
                self.assertEqual(list(table["step"]), [0, 3, 6])
                self.assertEqual(table["stability_edge"][1], 3.8 / 0.2)
                self.assertTrue(np.isfinite(table["train_loss"][1:]).all())
                self.assertTrue(torch.equal(flat(model), untracked(6)))
                self.assertFalse(tracker._open)
        with self.program("sleep 100"):
            shutil.rmtree(self.folder)
            begin = time.monotonic()
            model = network()
            self.lightning(self.tracker(model, every=3), model, KeyboardInterrupt())
            self.assertLess(time.monotonic() - begin, 30)

    def test_lightning(self):
        try:
            import lightning.pytorch as pl
        except ImportError:
            self.skipTest("lightning is not installed")

        class Module(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.net = network()

            def training_step(self, batch, index):
                return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.2, momentum=0.9)

        module = Module()
        tracker = landscape.Tracker(problem(module.net), 3, ["evaluate", "hessian"], self.folder)
        self.assertIsInstance(tracker, pl.Callback)
        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*data()), batch_size=48)
        trainer = pl.Trainer(
            max_epochs=6, callbacks=tracker, logger=False, enable_progress_bar=False, enable_model_summary=False,
            enable_checkpointing=False, accelerator="cpu")
        trainer.fit(module, loader)
        table = landscape.Trajectory(self.folder).table
        self.assertEqual(list(table["step"]), [0, 3, 6])
        self.assertEqual(list(table["epoch"]), [0, 2, 5])
        self.assertTrue(torch.equal(flat(module.net), untracked(6)))

    def test_transformers(self):
        try:
            import accelerate  # noqa: F401: what the Trainer needs and does not install.
            from transformers import Trainer, TrainingArguments
        except ImportError:
            self.skipTest("transformers or accelerate is not installed")

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.net = network()

            def forward(self, x, labels=None):
                logits = self.net(x)
                return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}

        model = Model()
        own = landscape.Problem(model, {"x": data()[0], "labels": data()[1]}, lambda model, batch: model(**batch)["loss"])
        examples = [{"x": x, "labels": y} for x, y in zip(*data())]
        tracker = landscape.Tracker(own, 3, ["evaluate", "hessian"], self.folder)
        trainer = Trainer(
            model, TrainingArguments(
                str(self.home / "out"), per_device_train_batch_size=12, max_steps=6, report_to=[], logging_steps=3, use_cpu=True,
                disable_tqdm=True, save_strategy="no"),
            train_dataset=examples, callbacks=[tracker])
        with contextlib.redirect_stdout(io.StringIO()):
            trainer.train()
        table = landscape.Trajectory(self.folder).table
        self.assertEqual(list(table["step"]), [0, 3, 6])
        self.assertTrue(np.isfinite(table["train_loss"][1:]).all())
        self.assertEqual(list(table["epoch"]), [0, 0.75, 1.5])
        if MEASURES:
            self.assertEqual(set(table["status"]), {"ok"}, self.failures())


if __name__ == "__main__":
    unittest.main()
