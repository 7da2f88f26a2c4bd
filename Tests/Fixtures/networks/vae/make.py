"""A variational autoencoder whose noise is stored with the data. The graph's output is each example's loss: the squared error of
the reconstruction, summed over features, and the divergence from the prior."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


class VAE(nn.Module):
    def __init__(self, features=6, hidden=8, latent=2):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(features, hidden), nn.Tanh())
        self.mean, self.log_variance = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.Tanh(), nn.Linear(hidden, features))

    def forward(self, x, noise):
        h = self.encoder(x)
        mean, log_variance = self.mean(h), self.log_variance(h)
        z = mean + torch.exp(0.5 * log_variance) * noise
        reconstruction = ((self.decoder(z) - x) ** 2).sum(1)
        divergence = -0.5 * (1 + log_variance - mean ** 2 - log_variance.exp()).sum(1)
        return reconstruction + divergence


def problem():
    rng = np.random.default_rng(5)
    x = coarse(rng.standard_normal((32, 2)) @ rng.standard_normal((2, 6)) + 0.1 * rng.standard_normal((32, 6)))
    noise = coarse(rng.standard_normal((32, 2)))
    return Problem(
        VAE(), {"x": x, "noise": noise}, ["x", "noise"], ["loss"], "--loss output", lambda found, data: found[0].mean(), steps=100)


if __name__ == "__main__":
    make(__file__, problem)
