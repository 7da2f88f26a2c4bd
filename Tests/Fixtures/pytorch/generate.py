"""Files of torch.save for the tests of the unpickler. Written with PyTorch 2.13, Python 3.12; run in this folder."""
import collections
import os
import pickle

import numpy
import torch

torch.manual_seed(0)
base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
state = collections.OrderedDict(
    weight=base.clone(),
    transposed=base.t(),                      # strides 1, 6
    part=base[1:3, ::2],                      # an offset and strides 6, 2
    double=torch.tensor([1 / 3, -2.5], dtype=torch.float64),
    half=torch.tensor([0.1, -65504.0, 6e-8], dtype=torch.float16),
    brain=torch.tensor([0.1, 3e38], dtype=torch.bfloat16),
    long=torch.tensor([-1, 1 << 40]),
    small=torch.tensor([-3, 7], dtype=torch.int8),
    byte=torch.tensor([0, 255], dtype=torch.uint8),
    flag=torch.tensor([True, False]),
    scalar=torch.tensor(7.5),
    empty=torch.zeros(0, 3),
    expanded=torch.tensor([5.0]).expand(3),   # stride 0
)
state._metadata = {"": {"version": 1}}


def save(value, name, **options):
    torch.save(value, name, **options)


save(state, "zip.pt")
save(state, "legacy.pt", _use_new_zipfile_serialization=False)
save(state, "protocol4.pt", pickle_protocol=4)
save({k: v for k, v in state.items()} | {"wide": torch.tensor([1, 65535], dtype=torch.uint16)}, "untyped.pt")

# As a training script would, from a GPU: the device's name is all that a file keeps of it.
wrapped = {"module." + k: torch.nn.Parameter(v) for k, v in state.items() if k in ("weight", "double")}
original = torch.serialization.location_tag
torch.serialization.location_tag = lambda storage: "cuda:0"
nested = {
    "epoch": 3, "best": 91.7, "rng": numpy.float64(0.5), "args": "--lr 0.1", "big": 1 << 70,
    "optimizer": {"state": {0: {"momentum_buffer": base}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
    "state_dict": wrapped,
}
save(nested, "gpu.pt")
save(nested, "gpu-legacy.pt", _use_new_zipfile_serialization=False)
torch.serialization.location_tag = original
save({"epoch": 1, "teacher": dict(state), "student": dict(state)}, "two.pt")
save({"layer1": {"weight": base}, "layer2": {"weight": base, "bias": base[0]}}, "modules.pt")
save({"epoch": 3}, "none.pt")
# As PyTorch's tutorial saves a checkpoint, with the loss as a tensor, and NumPy's arrays beside.
save({"epoch": 3, "loss": torch.tensor(0.5), "model_state_dict": {"weight": base, "bias": base[0]},
      "history": numpy.arange(3.0), "phase": 1 + 2j}, "beside.pt")
save(torch.nn.Linear(2, 1), "whole.pt")
save({"w": torch.tensor([1j])}, "complex.pt")


class Evil:
    def __reduce__(self):
        return os.system, ("touch executed",)


save({"weight": base, "evil": Evil()}, "evil.pt", _use_new_zipfile_serialization=False)
# As Lightning saves: objects of the training beside the weights, which are named and not made.
save({"epoch": 3, "global_step": 120, "state_dict": {"model.weight": base, "model.bias": base[0]},
      "callbacks": {"ModelCheckpoint": {"best": torch.tensor(0.3), "monitor": Evil()}},
      "hyper_parameters": {"lr": 0.1, "activation": torch.relu, "device": Evil()}}, "lightning.ckpt")
save({"epoch": 3, "model": torch.nn.Linear(2, 1)}, "whole-beside.pt")
# Averaged weights beside the last ones, in torch.optim.swa_utils' wrapper; and an optimiser's tensors, which have other names.
save({"model": {"weight": base, "bias": base[0]}, "optimizer_states": [{"step": torch.tensor(1.0)}],
      "ema": {"n_averaged": torch.tensor(2), "module": {"weight": base + 1, "bias": base[0] + 1}},
      "extra": {"weight": base}}, "averaged.pt")
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 1)), "script.pt")

numpy.savez("expected.npz", **{k: v.float().numpy() if v.dtype == torch.bfloat16 else v.numpy() for k, v in state.items()})
