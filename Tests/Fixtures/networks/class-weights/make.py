"""Cross-entropy with class weights 0.2, 1, 3 and ignored labels (−100): the weighted sum by the weights of all counted labels."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


def problem():
    rng = np.random.default_rng(9)
    x = coarse(rng.standard_normal((36, 5)))
    labels = np.digitize(x[:, 0] + 0.7 * rng.standard_normal(36), [0.5, 1.2])
    labels[rng.random(36) < 0.25] = -100
    return classes(
        nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3)), {"x": x, "labels": labels}, ["x"],
        "--class-weights 0.2,1,3", weights=torch.tensor([0.2, 1, 3], dtype=torch.float64))


if __name__ == "__main__":
    make(__file__, problem)
