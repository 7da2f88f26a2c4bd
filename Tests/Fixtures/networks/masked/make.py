"""A transformer encoder that classifies sequences: token numbers and a mask as inputs, mean over the unmasked tokens."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


class Encoder(nn.Module):
    def __init__(self, vocabulary=20, length=6, width=8, classes=3):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(0.1 * torch.randn(length, width))
        layer = nn.TransformerEncoderLayer(width, 2, 12, dropout=0.0, activation="gelu", batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, classes)

    def forward(self, input_ids, attention_mask):
        h = self.embedding(input_ids) + self.position
        h = self.layers(h, src_key_padding_mask=~attention_mask)
        kept = attention_mask.unsqueeze(-1).to(h.dtype)
        return self.head((h * kept).sum(1) / kept.sum(1))


def data(seed, count):
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 20, (count, 6))
    mask = np.arange(6) < rng.integers(1, 7, (count, 1))
    labels = np.array([np.bincount(row[kept] % 3, minlength=3).argmax() for row, kept in zip(ids, mask)])
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def problem():
    return classes(Encoder(), data(1, 32), ["input_ids", "attention_mask"], steps=12, test=data(101, 16))


if __name__ == "__main__":
    make(__file__, problem)
