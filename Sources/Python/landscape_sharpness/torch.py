"""Sharpness-aware optimizers for a training in PyTorch, by the formulas of `landscape train --optimizer sam` and `asam`.

    from landscape_sharpness.torch import SAM
    optimizer = SAM(model.parameters(), torch.optim.SGD, rho=0.05, lr=0.1, momentum=0.9)

    def closure():
        optimizer.zero_grad()
        loss = criterion(model(X), y)
        loss.backward()
        return loss

    loss = optimizer.step(closure)
"""
from __future__ import annotations

from typing import Any, Callable, Iterable, Optional

import torch
from torch import nn

__all__ = ["ASAM", "SAM", "disable_running_stats", "enable_running_stats"]

# Keeps a zero gradient from dividing by zero, as in Foret's code and in `landscape train`.
_LEAST_NORM = 1e-12


class SAM(torch.optim.Optimizer):
    """Sharpness-aware minimization (Foret et al. 2021, arXiv 2010.01412): the gradient at θ + ε moves θ, with

        ε = ρ g / (‖g‖₂ + 1e-12)

    and the norm over all parameters. Each group of parameters may have its own ρ. The moving is the base optimizer's, whose
    groups and state this optimizer shares, so schedulers of learning rates and checkpoints see one optimizer.

    Either `step(closure)`, which calls the closure at θ and at θ + ε; or, after a backward pass at θ, `first_step`, a backward
    pass at θ + ε, and `second_step`.
    """

    def __init__(
        self, params: Iterable, base_optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.SGD, rho: float = 0.05, *,
        decay_in_ascent: bool = False, model: Optional[nn.Module] = None, **kwargs: Any,
    ):
        """
        Parameters
        ----------
        params: parameters, or groups of them, which may have a `rho` of their own
        base_optimizer: the class of the base optimizer
        rho: the radius ρ, the length of ε
        decay_in_ascent: whether ε is that of g + λθ, with λ the group's weight decay
        model: the module whose batch normalization is to take its running statistics at θ only
        kwargs: settings of the base optimizer, such as `lr`

        Raises `ValueError` for a ρ that is negative.
        """
        self._begin(params, base_optimizer, {"rho": rho}, decay_in_ascent, model, kwargs)

    def _begin(self, params: Iterable, base: Callable, own: dict, decay_in_ascent: bool, model: Any, settings: dict):
        super().__init__(params, {**own, **settings})
        for group in self.param_groups:
            self._check(group)
        self.base_optimizer = base(self.param_groups, **settings)
        self.decay_in_ascent, self.model = decay_in_ascent, model
        self._left: dict[torch.Tensor, torch.Tensor] = {}  # θ of the parameters that are now at θ + ε.
        self._share()
        self.defaults.update(self.base_optimizer.defaults)

    def _check(self, group: dict):
        for name in ("rho", "eta"):
            if name in group and not group[name] >= 0:
                raise ValueError(f"{name}: found {group[name]}, expected a number of at least 0")

    def _share(self):
        self.param_groups, self.state = self.base_optimizer.param_groups, self.base_optimizer.state

    def add_param_group(self, param_group: dict):
        """Adds a group of parameters, as every optimizer of torch does."""
        super().add_param_group(param_group)
        self._check(self.param_groups[-1])

    # A step in two halves.

    @torch.no_grad()
    def first_step(self, zero_grad: bool = False):
        """Goes from θ to θ + ε, by the gradients that are there."""
        if self._left:
            raise RuntimeError("first_step: the parameters are at θ + ε already; expected second_step or restore")
        climbs = []
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    climbs.append((p, self._scaled(p, self._gradient(p, group), group), group))
        scale = 1 / (self._norm([climb for _, climb, _ in climbs]) + _LEAST_NORM)
        for p, climb, group in climbs:
            self._left[p] = p.detach().clone()
            p.add_(self._scaled(p, climb, group) * (group["rho"] * scale).to(device=p.device))
        if self.model is not None:
            disable_running_stats(self.model)
        if zero_grad:
            self.zero_grad()

    @torch.no_grad()
    def restore(self):
        """Goes back to θ, the same bits as before `first_step`."""
        for p, old in self._left.items():
            p.copy_(old)
        self._left.clear()
        if self.model is not None:
            enable_running_stats(self.model)

    @torch.no_grad()
    def second_step(self, zero_grad: bool = False):
        """Goes back to θ and takes the base optimizer's step there, by the gradients at θ + ε."""
        self.restore()
        self.base_optimizer.step()
        self._opt_called = True  # What schedulers of learning rates look for.
        if zero_grad:
            self.zero_grad()

    def step(self, closure: Optional[Callable[[], Any]] = None) -> Any:
        """One step.

        Parameters
        ----------
        closure: makes a forward and a backward pass; it is called at θ and at θ + ε, each time after `zero_grad`. A backward
            pass before `step` is not needed, and does not count

        Returns what the closure gave at θ. Raises `TypeError` without a closure.
        """
        if closure is None:
            raise TypeError("step: found no closure, expected one that makes a forward and a backward pass; or first_step and second_step")
        self.zero_grad()
        with torch.enable_grad():
            loss = closure()
        self.first_step(zero_grad=True)
        try:
            with torch.enable_grad():
                closure()
        except BaseException:
            self.restore()
            raise
        self.second_step()
        return loss

    # ε.

    def _gradient(self, p: torch.Tensor, group: dict) -> torch.Tensor:
        decay = group.get("weight_decay", 0) if self.decay_in_ascent else 0
        if p.grad.is_sparse:
            if decay:
                raise RuntimeError("decay_in_ascent is not possible with sparse gradients")
            return p.grad.coalesce()
        return p.grad.add(p, alpha=decay) if decay else p.grad

    def _scaled(self, p: torch.Tensor, vector: torch.Tensor, group: dict) -> torch.Tensor:
        """T times a vector; here T = 1."""
        return vector

    def _norm(self, vectors: list[torch.Tensor]) -> torch.Tensor:
        """The norm of all of them together, on the device of the first."""
        if not vectors:
            return torch.zeros(())
        # Sparse ones by their values; of less than float's precision in that, whose range squares stay in.
        parts = [v.values() if v.is_sparse else v for v in vectors]
        kinds = [part.dtype if part.dtype.itemsize >= 4 else torch.float32 for part in parts]
        norms = [torch.linalg.vector_norm(part, dtype=kind).to(parts[0].device) for part, kind in zip(parts, kinds)]
        kind = torch.float64 if torch.float64 in kinds else torch.float32
        return torch.linalg.vector_norm(torch.stack([norm.to(kind) for norm in norms]))

    # State.

    def state_dict(self) -> dict:
        """The base optimizer's, whose groups have ρ as well. Raises `RuntimeError` between `first_step` and `second_step`."""
        if self._left:
            raise RuntimeError("state_dict: the parameters are at θ + ε; expected second_step or restore before")
        return self.base_optimizer.state_dict()

    def load_state_dict(self, state_dict: dict):
        """Takes what `state_dict` gave."""
        self.base_optimizer.load_state_dict(state_dict)
        self._share()


class ASAM(SAM):
    """Adaptive SAM (Kwon et al. 2021, arXiv 2102.11600), whose ε follows the scale of each weight:

        ε = ρ T²g / (‖Tg‖₂ + 1e-12),  T = |θ| + η

    on parameters of two or more dimensions, and T = 1 on biases and scales of normalization, as in `landscape train`. (The
    authors' code has T = |θ| + η on scales, too.)
    """

    def __init__(
        self, params: Iterable, base_optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.SGD, rho: float = 0.5,
        eta: float = 0.01, *, decay_in_ascent: bool = False, model: Optional[nn.Module] = None, **kwargs: Any,
    ):
        """As `SAM`; `eta` is η. A group may have its own `eta`."""
        self._begin(params, base_optimizer, {"rho": rho, "eta": eta}, decay_in_ascent, model, kwargs)

    def _scaled(self, p: torch.Tensor, vector: torch.Tensor, group: dict) -> torch.Tensor:
        if p.dim() < 2:
            return vector
        if vector.is_sparse:
            at = p.detach().sparse_mask(vector)
            return torch.sparse_coo_tensor(
                vector.indices(), vector.values() * (at.values().abs() + group["eta"]), vector.shape, is_coalesced=True,
                check_invariants=False)
        return vector * (p.detach().abs() + group["eta"])


def disable_running_stats(model: nn.Module):
    """From here on a forward pass in training mode leaves the running statistics of normalization layers as they are."""
    for part in model.modules():
        if isinstance(part, nn.modules.batchnorm._NormBase) and part.track_running_stats:
            part.track_running_stats = False
            part._landscape_tracks = True


def enable_running_stats(model: nn.Module):
    """Ends what `disable_running_stats` began."""
    for part in model.modules():
        if part.__dict__.pop("_landscape_tracks", False):
            part.track_running_stats = True
