"""Divergence KL(p‖q) of an output that is log q from rows of probabilities p: Σ p·(log p − log q) over the elements, by their
number N·K, as PyTorch reduces it by default. Gauss–Newton products are those of the logits."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *
from losses import *


def problem():
    rng, x = inputs(37)
    scores = np.stack([x[:, 0], x[:, 1] * x[:, 2], x[:, 3]], 1) + 0.5 * rng.standard_normal((30, 3))
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    p[:5] = np.eye(3)[scores[:5].argmax(1)]  # some have zeros
    def divergence(z, data):
        return nn.functional.kl_div(torch.log_softmax(z, 1), data["targets"], reduction="mean")
    found = with_prediction(
        network(3, ending=nn.LogSoftmax(1)), {"x": x, "targets": p}, ["x"], "--loss kl", divergence, output="log_probabilities")
    found.loss = lambda outputs, data: nn.functional.kl_div(outputs[0], data["targets"], reduction="mean")
    return found


if __name__ == "__main__":
    make(__file__, problem)
