"""InfoNCE with the other pairs of the batch as negatives: the graph's output is one number for a batch, which is no mean over
its examples. Averaged are the losses of fixed batches of eight."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


class Contrastive(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3))
        self.right = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
        self.log_temperature = nn.Parameter(torch.tensor(-1.0))

    def forward(self, a, b):
        p, q = (z / z.norm(dim=1, keepdim=True) for z in (self.left(a), self.right(b)))
        similarity = p @ q.T / self.log_temperature.exp()
        positive = (p * q).sum(1) / self.log_temperature.exp()
        rows, columns = torch.logsumexp(similarity, 1), torch.logsumexp(similarity, 0)
        return (0.5 * (rows + columns) - positive).mean()


def problem():
    rng = np.random.default_rng(6)
    hidden = rng.standard_normal((24, 3))
    a = coarse(hidden @ rng.standard_normal((3, 5)) + 0.3 * rng.standard_normal((24, 5)))
    b = coarse(hidden @ rng.standard_normal((3, 4)) + 0.3 * rng.standard_normal((24, 4)))
    return Problem(
        Contrastive(), {"a": a, "b": b}, ["a", "b"], ["loss"], "--loss output", lambda found, data: found[0], batch_size=8)


if __name__ == "__main__":
    make(__file__, problem)
