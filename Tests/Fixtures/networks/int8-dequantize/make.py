"""A network whose weights are stored in 8 bits: DequantizeLinear makes real weights of constants, which are θ. Layer 1 has one
scale and a zero point (uint8), layer 2 a scale for each output (int8, axis 0), layer 3 one for each column of a matrix product
(int8, axis 1). Scales have few digits, so that the products of scales and integers are exact in Float32."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


# Scale, zero point and kind; scales are spread over the weights' shape.
SCALES = {"0.weight": (np.full((1, 1), 1 / 64), 128, np.uint8), "2.weight": (np.arange(3, 9)[:, None] / 512, 0, np.int8),
          "4.weight": (np.array([[5, 7, 9]]) / 512, 0, np.int8)}


class Product(nn.Module):
    """A linear layer with weights [in, out]."""
    def __init__(self, inputs, out):
        super().__init__()
        self.weight, self.bias = nn.Parameter(0.3 * torch.randn(inputs, out)), nn.Parameter(torch.zeros(out))

    def forward(self, x):
        return x @ self.weight + self.bias


def integers(name, value):
    scale, zero, kind = SCALES[name]
    limits = np.iinfo(kind)
    return np.clip(np.round(value / scale) + zero, limits.min, limits.max).astype(kind)


def rounded(module):
    with torch.no_grad():
        for name, value in module.named_parameters():
            if name in SCALES:
                scale, zero, _ = SCALES[name]
                value.copy_(torch.from_numpy((integers(name, value.numpy()).astype(np.float64) - zero) * scale))
            else:
                value.copy_(torch.round(value * 1024) / 1024)


def export_integers(problem, path):
    state = {name: value.detach().numpy() for name, value in problem.module.named_parameters()}
    constants = {name: value.astype(np.float32) for name, value in state.items() if name not in SCALES}
    for name, (scale, zero, kind) in SCALES.items():
        constants[f"{name}_quantized"] = integers(name, state[name])
        constants[f"{name}_scale"] = (scale.reshape(-1) if scale.size > 1 else scale[0, 0]).astype(np.float32)
        if zero != 0:
            constants[f"{name}_zero_point"] = np.asarray(zero, dtype=kind)
    node = onnx.helper.make_node
    nodes = [
        node("DequantizeLinear", ["0.weight_quantized", "0.weight_scale", "0.weight_zero_point"], ["0.weight"]),
        node("Gemm", ["x", "0.weight", "0.bias"], ["a1"], transB=1), node("Tanh", ["a1"], ["h1"]),
        node("DequantizeLinear", ["2.weight_quantized", "2.weight_scale"], ["2.weight"], axis=0),
        node("Gemm", ["h1", "2.weight", "2.bias"], ["a2"], transB=1), node("Tanh", ["a2"], ["h2"]),
        node("DequantizeLinear", ["4.weight_quantized", "4.weight_scale"], ["4.weight"], axis=1),
        node("MatMul", ["h2", "4.weight"], ["product"]), node("Add", ["product", "4.bias"], ["logits"])]
    real = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes, "int8", [onnx.helper.make_tensor_value_info("x", real, ["n", 5])],
        [onnx.helper.make_tensor_value_info("logits", real, ["n", 3])],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), path)


def real_weights(model):
    """The parameters as the graph has them."""
    found = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    for name, (scale, zero, _) in SCALES.items():
        stored = found[f"{name}_scale"].astype(np.float64).reshape(scale.shape)
        found[name] = (found[f"{name}_quantized"].astype(np.float64) - zero) * stored
    return found


def problem():
    rng = np.random.default_rng(25)
    x = coarse(rng.standard_normal((32, 5)))
    labels = np.digitize(x[:, 0] * x[:, 1] + x[:, 2], [-0.4, 0.4])
    module = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 6), nn.Tanh(), Product(6, 3))
    found = classes(module, {"x": x.astype(np.float32), "labels": labels}, ["x"], "--precision double", tolerance=1e-5)
    names = [f"{layer}.{kind}" for layer in (0, 2, 4) for kind in ("weight", "bias")]
    found.rounding, found.export, found.weights, found.names = rounded, export_integers, real_weights, {n: n for n in names}
    return found


if __name__ == "__main__":
    make(__file__, problem)
