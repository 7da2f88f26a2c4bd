"""Multilayer perceptrons with PyTorch's BatchNorm1d and LayerNorm after each hidden layer, before the activation.

Writes batch.pt, layer.pt (state dictionaries in Float64), x.npy, y.npy, and prints the losses that the tests hold.
"""
import numpy as np
import torch

torch.manual_seed(0)
x, y = torch.randn(40, 5).double(), torch.randint(0, 3, (40,))
np.save("x.npy", x.numpy())
np.save("y.npy", y.numpy())
print("torch", torch.__version__)
for name, norm in (("batch", torch.nn.BatchNorm1d), ("layer", torch.nn.LayerNorm)):
    widths, layers = [5, 8, 4, 3], {}
    for i in (1, 2, 3):
        layers[f"fc{i}"] = torch.nn.Linear(widths[i - 1], widths[i])
        if i < 3:
            layers[f"{'bn' if name == 'batch' else 'ln'}{i}"] = norm(widths[i])
            layers[f"act{i}"] = torch.nn.Tanh()
    model = torch.nn.Sequential()
    for key, layer in layers.items():
        model.add_module(key, layer)
    model = model.double()
    for p in model.parameters():
        p.data += 0.2 * torch.randn_like(p)
    model.train()
    model(x[:20]), model(x[20:])
    torch.save(model.state_dict(), f"{name}.pt")
    for mode in (False, True):
        model.train(mode)
        loss = torch.nn.functional.cross_entropy(model(x), y)
        gradient = torch.autograd.grad(loss, list(model.parameters()))
        norm_of_gradient = sum(float((g * g).sum()) for g in gradient) ** 0.5
        print(name, "batch" if mode else "stored", repr(loss.item()), repr(norm_of_gradient))

