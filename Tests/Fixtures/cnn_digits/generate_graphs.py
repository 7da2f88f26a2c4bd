"""Exports the graph of this folder's network with other, random weights, which those of model.safetensors and model.pt take the place of.

    pip install torch onnx onnxscript
    python generate_graphs.py
"""
import os, onnx, torch
from torch import nn
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.conv2, self.bn2 = nn.Conv2d(6, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12)
        self.fc1, self.fc2 = nn.Linear(48, 32), nn.Linear(32, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.avg_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


torch.manual_seed(0)
model = Network().eval()
with torch.no_grad():  # exporters make one tensor of those whose numbers are equal
    for tensor in list(model.parameters()) + [b for b in model.buffers() if b.is_floating_point()]:
        tensor.add_(0.1 * torch.rand_like(tensor))
x = (torch.randn(2, 1, 8, 8),)
older = dict(dynamo=False, opset_version=17, input_names=["x"], dynamic_axes={"x": {0: "n"}})
newer = dict(dynamo=True, opset_version=18, dynamic_shapes=({0: torch.export.Dim("n")},), external_data=False, verbose=False)
for name, options in [("graph_ts17", dict(older, do_constant_folding=False)), ("folded_ts17", older),
                      ("graph_dynamo18", dict(newer, optimize=False)), ("folded_dynamo18", newer)]:
    path = os.path.join(HERE, name + ".onnx")
    torch.onnx.export(model, x, path, **options)
    m = onnx.load(path)
    for node in m.graph.node:  # they name files of the machine
        del node.metadata_props[:]
    onnx.save(m, path)
