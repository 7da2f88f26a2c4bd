"""InfoNCE as most code has it, with `torch.arange(len(a))` for labels, exported for batches of eight: the graph cannot be built for
another batch."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *

base = sibling("contrastive")


class Contrastive(base.Contrastive):
    def forward(self, a, b):
        p, q = (nn.functional.normalize(z, dim=1) for z in (self.left(a), self.right(b)))
        similarity = p @ q.T / self.log_temperature.exp()
        return loss(similarity), similarity


def loss(similarity):
    return nn.functional.cross_entropy(similarity, torch.arange(len(similarity)))


def problem():
    return dataclasses.replace(
        base.problem(), module=Contrastive(), has_fixed_batch=True, outputs=["loss", "similarity"],
        options="--loss output:loss --prediction similarity", prediction=lambda found: found[1],
        loss_of_prediction=lambda z, data: loss(z))


if __name__ == "__main__":
    make(__file__, problem)
