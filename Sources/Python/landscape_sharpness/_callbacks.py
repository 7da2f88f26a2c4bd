"""The interfaces of Lightning's and of Hugging Face's Trainer, without importing them."""
from __future__ import annotations

import sys
from typing import Any, Mapping, Optional


class Callback:
    """What Lightning and Hugging Face's Trainer call, as `step` and `finish`."""

    def __new__(cls, *args: Any, **settings: Any):
        # Lightning takes no callback that is not of its class. There are two packages of it.
        known = [
            sys.modules[name].Callback for name in ("lightning.pytorch", "pytorch_lightning")
            if hasattr(sys.modules.get(name), "Callback")]
        bases = [base for base in known if not issubclass(cls, base)]
        return object.__new__(type(cls.__name__, (cls, *bases), {"__module__": cls.__module__}) if bases else cls)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("on_"):  # Events of either library that are of no interest here.
            return _nothing
        raise AttributeError(f"{type(self).__name__} has no {name}")

    # Lightning.

    def on_train_start(self, trainer: Any, module: Any):
        if trainer.is_global_zero:
            self._begin(trainer.global_step, module, trainer.current_epoch, _first(trainer.optimizers))

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any = None, batch_idx: int = 0, *rest: Any):
        if trainer.is_global_zero:
            loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
            self._step(trainer.global_step, module, loss, trainer.current_epoch, None, _first(trainer.optimizers))

    def on_exception(self, trainer: Any, module: Any, exception: BaseException):
        self.finish(wait=False)

    # Both: Lightning's with trainer and module, the Trainer's with arguments, state and control.

    def on_train_end(self, *arguments: Any, **others: Any):
        self.finish()

    # Trainer.

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, optimizer: Any = None, **others: Any):
        if state.is_world_process_zero:
            self._begin(state.global_step, model, state.epoch, optimizer)

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, optimizer: Any = None, **others: Any):
        if state.is_world_process_zero:
            self._step(state.global_step, model, None, state.epoch, None, optimizer)

    def on_log(self, args: Any, state: Any, control: Any, logs: Optional[Mapping] = None, **others: Any):
        # The loss of a step is logged after its end.
        if logs and "loss" in logs and state.global_step == self._copied_step:
            self._losses[state.global_step] = float(logs["loss"])


def _nothing(*arguments: Any, **others: Any):
    return None


def _first(optimizers: Any) -> Any:
    return optimizers[0] if isinstance(optimizers, (list, tuple)) and optimizers else optimizers or None


def rate_and_edge(optimizer: Any) -> tuple[Optional[float], Optional[float]]:
    """Learning rate, and the edge of stability of gradient descent (docs/definitions.md); None for what is not known."""
    while getattr(optimizer, "optimizer", None) is not None:  # Accelerate's and Lightning's wrappers.
        optimizer = optimizer.optimizer
    groups = getattr(optimizer, "param_groups", None)
    if not groups:
        return None, None
    group = groups[0]
    rate = float(group["lr"])
    settings = [[other.get(name) for name in ("lr", "momentum", "weight_decay", "nesterov", "dampening")] for other in groups]
    if type(optimizer).__name__ != "SGD" or rate <= 0 or any(own != settings[0] for own in settings) or group.get("dampening"):
        return rate, None
    momentum, decay = float(group.get("momentum") or 0), float(group.get("weight_decay") or 0)
    edge = (2 + 2 * momentum) / rate / ((1 + 2 * momentum) if group.get("nesterov") else 1)
    return rate, edge - decay
