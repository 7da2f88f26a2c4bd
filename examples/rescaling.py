#!/usr/bin/env python3
"""Which measures move when a ReLU network is rescaled without changing its function (Dinh et al. 2017, arXiv 1703.04933).

Trains mlp:64-32-10 on the embedded digits, multiplies the first layer by 10 and by 100 and divides the second layer's weights by the
same, measures all three networks, and prints a table in Markdown. Needs python3 alone.

    examples/rescaling.py [LANDSCAPE] [FOLDER]      (defaults: .build/release/landscape, ./rescaling)
"""
import array, json, os, struct, subprocess, sys

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
landscape = sys.argv[1] if len(sys.argv) > 1 else os.path.join(root, ".build/release/landscape")
folder = sys.argv[2] if len(sys.argv) > 2 else "rescaling"
model = ["--model", "mlp:64-32-10", "--data", "digits", "--precision", "double"]


def run(*arguments):
    """The JSON object that a command prints."""
    result = subprocess.run([landscape, *arguments, "--json", "--quiet"], stdout=subprocess.PIPE, check=True)
    return json.loads(result.stdout)


def read(path):
    """Tensors of a safetensors file of Float64: name to (shape, numbers)."""
    with open(path, "rb") as file:
        content = file.read()
    size = struct.unpack("<Q", content[:8])[0]
    tensors = {}
    for name, entry in json.loads(content[8:8 + size]).items():
        if name == "__metadata__":
            continue
        first, last = entry["data_offsets"]
        tensors[name] = entry["shape"], array.array("d", content[8 + size + first:8 + size + last])
    return tensors


def write(path, tensors):
    header, body = {}, b""
    for name, (shape, numbers) in tensors.items():
        header[name] = {"dtype": "F64", "shape": shape, "data_offsets": [len(body), len(body) + 8 * len(numbers)]}
        body += numbers.tobytes()
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


os.makedirs(folder, exist_ok=True)
first = os.path.join(folder, "x1.bin")
run("train", *model, "--epochs", "30", "-o", first)
weights = os.path.join(folder, "x1.safetensors")
run("export", first, "-o", weights)
networks = {1: first}
for factor in (10, 100):
    tensors = read(weights)
    names = list(tensors)  # weight and bias of the first layer, weight and bias of the second
    second = [name for name in names if name.endswith("weight")][1]
    layer = second.rsplit(".", 1)[0]
    for name, (shape, numbers) in tensors.items():
        scale = 1 / factor if name == second else 1 if name.startswith(layer) else factor
        for i in range(len(numbers)):
            numbers[i] *= scale
    scaled = os.path.join(folder, f"x{factor}.safetensors")
    write(scaled, tensors)
    networks[factor] = os.path.join(folder, f"x{factor}.bin")
    run("import", scaled, *model, "-o", networks[factor])

rows = {}
for factor, path in networks.items():
    def note(name, value):
        rows.setdefault(name, []).append(value)

    def measure(*arguments):
        output = os.path.join(folder, "last.json")
        return run(arguments[0], path, *arguments[1:], "--precision", "double", "-o", output)

    gradient = measure("gradient")
    note("training loss", gradient["loss"])
    note("norm of the weights", gradient["weight_norm"])
    note("norm of the gradient", gradient["gradient_norm"])
    for operator in ("hessian", "ggn", "empirical-fisher"):
        note(f"λmax, {operator}", measure("hessian", "--operator", operator)["eigenvalues"][0])
    note("trace of the Hessian", measure("hessian", "--top", "0", "--trace", "--probes", "99")["trace"]["value"])
    for name, options in (
        ("worst case, ℓ2 ball of 0.05", ["--rho", "0.05"]),
        ("worst case, ℓ∞ ball of 0.001", ["--rho", "0.001", "--norm", "linf"]),
        ("worst case, adaptive, η = 0.01, ρ = 0.5", ["--rho", "0.5", "--adaptive"]),
        ("worst case, adaptive, η = 0, ρ = 0.5", ["--rho", "0.5", "--adaptive", "--eta", "0"]),
    ):
        worst = measure("sharpness", *options)["worst_case"]
        note(name, worst["lower_bound"])
        note("one step: " + name, worst["one_step"])
    for name, options in (
        ("average case, deviation 0.01", ["--rho", "0.01"]),
        ("average case, adaptive, η = 0, deviation 0.1", ["--rho", "0.1", "--adaptive", "--eta", "0"]),
    ):
        note(name, measure("sharpness", "--measure", "average", *options)["average_case"]["value"])
    box = measure("sharpness", "--measure", "keskar", "--subspace", "0", "--box-epsilon", "0.001")
    note("Keskar's φ in percent, ε = 0.001", box["keskar"]["value"])
    for normalization in ("filter", "layer", "none"):
        line = measure("slice", "--normalization", normalization, "--points", "3", "--range", "0.5")
        note(f"loss at α = 0.5 of a slice, normalisation {normalization}", line["values"][2])

print("| measure | as trained | × 10 | × 100 | |")
print("| --- | --- | --- | --- | --- |")
for name, values in rows.items():
    change = max(abs(value / values[0] - 1) for value in values[1:])
    verdict = "stays" if change < 1e-3 else "moves"
    print(f"| {name} | " + " | ".join(f"{value:.5g}" for value in values) + f" | {verdict} |")
