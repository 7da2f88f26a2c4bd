"""Small networks for one loss each, by PyTorch's definitions and its default reduction, the mean over all elements."""
from common import *


def inputs(seed, features=4, count=30):
    rng = np.random.default_rng(seed)
    return rng, coarse(rng.standard_normal((count, features)))


def two_real_targets(seed):
    """Inputs and two real targets each, of noise of deviation 1."""
    rng, x = inputs(seed)
    return {"x": x, "y": coarse(np.stack([np.sin(2 * x[:, 0]), x[:, 1] * x[:, 2]], 1) + rng.standard_normal((30, 2)), 1 / 64)}


def network(out, inputs=4, ending=None):
    layers = [nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, out)]
    return nn.Sequential(*layers, *([] if ending is None else [ending]))
