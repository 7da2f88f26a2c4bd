"""Classifiers whose output is a probability, each written another way. The loss is −log p of the label, and its Gauss–Newton
product is that of the logits log p."""
from common import *


class Classifier(nn.Module):
    """5-8-K, with `ending` as the function from logits to the output."""
    def __init__(self, k, ending):
        super().__init__()
        self.hidden, self.out, self.ending = nn.Linear(5, 8), nn.Linear(8, k), ending

    def forward(self, x):
        return self.ending(self.out(torch.tanh(self.hidden(x))))


def data(k):
    rng = np.random.default_rng(20)
    x = coarse(rng.standard_normal((30, 5)))
    score = x[:, 0] + 0.5 * x[:, 1] * x[:, 2] + 0.4 * rng.standard_normal(30)
    return {"x": x, "labels": np.digitize(score, [-0.4, 0.4] if k == 3 else [0.0])}


def variant(ending, k=3, logarithms=torch.log, module=None, options="", output="probabilities"):
    """The problem; `logarithms` brings the output to log p, N×K."""
    arrays = data(3 if k == 3 else 2)
    def of_prediction(z, data):
        return cross_entropy(z, data["labels"])
    return Problem(
        module or Classifier(k, ending), arrays, ["x"], [output], options,
        lambda found, data: of_prediction(logarithms(found[0]), data), lambda found: logarithms(found[0]), of_prediction,
        accuracy=lambda found, data: share_correct(logarithms(found[0]), data["labels"]))
