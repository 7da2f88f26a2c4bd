"""A language model: logits N×T×V and labels N×T, of which each example ignores another number (−100). Input and output embedding
are one tensor."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = (p.view(n, t, self.heads, c // self.heads).transpose(1, 2) for p in self.qkv(self.norm1(x)).split(c, dim=2))
        y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(n, t, c))
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))


class LanguageModel(nn.Module):
    def __init__(self, vocabulary=11, length=7, width=8):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(Block(width, 2), Block(width, 2))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
        return self.head(self.norm(self.blocks(x)))


def problem():
    rng = np.random.default_rng(2)
    start, stride = rng.integers(0, 11, (24, 1)), rng.integers(1, 4, (24, 1))
    text = (start + stride * np.arange(8)) % 11
    tokens, labels = text[:, :-1].copy(), text[:, 1:].copy()
    prompt, length = rng.integers(0, 4, 24), rng.integers(4, 8, 24)
    place = np.arange(7)
    labels[(place < prompt[:, None]) | (place >= length[:, None])] = -100
    tokens[place >= length[:, None]] = 0
    return classes(
        LanguageModel(), {"tokens": tokens, "labels": labels}, ["tokens"], logits=lambda z: z.transpose(1, 2),
        steps=40, rate=0.01)


if __name__ == "__main__":
    make(__file__, problem)
