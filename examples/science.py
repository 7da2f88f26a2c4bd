#!/usr/bin/env python3
"""Makes the tables and pictures of docs/explanation/science.md, and the tables of docs/paths.md: trains, measures, prints Markdown. Needs python3 alone, and numpy for
the part `attention`.

    examples/science.py [PART ...]      (parts: optimizers, shortcuts, tracking, edge, attention, rules, topspace, paths, curves; default: all of them)

    --landscape FILE   the program (default: .build/release/landscape)
    --folder DIR       where checkpoints and results go (default: ./science); what is there already is not made again
    --threads N        threads for each command (default: all processors; the results have the same bits for any number)

All take about an hour on one core. Every command that is run is printed on standard error.
"""
import argparse, json, os, statistics, subprocess, sys

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("parts", nargs="*", metavar="PART")
parser.add_argument("--landscape", default=os.path.join(root, ".build/release/landscape"))
parser.add_argument("--folder", default="science")
parser.add_argument("--threads")
options = parser.parse_args()


def run(name, command):
    """The JSON object of a command, read from the file NAME.json where it has run before. The command runs in the folder."""
    result = os.path.join(options.folder, name + ".json")
    if not os.path.exists(result):
        words = command.replace("NAME", name).split(" ")
        words = [word.replace("_", " ") if word.endswith("_steps") else word for word in words]  # one argument
        print("+ landscape", *words, file=sys.stderr, flush=True)
        words += ["--json", "--quiet"] + (["--threads", options.threads] if options.threads else [])
        printed = subprocess.run(
            [os.path.abspath(options.landscape), *words], cwd=options.folder, stdout=subprocess.PIPE, check=True,
        ).stdout
        with open(result + ".part", "wb") as file:
            file.write(printed)
        os.replace(result + ".part", result)
    with open(result) as file:
        return json.load(file)


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def spread(values, scale=1.0):
    """Mean ± standard deviation over the runs."""
    values = [scale * value for value in values]
    deviation = statistics.stdev(values)
    digits = max(0, 2 - len(str(int(deviation)))) if deviation >= 1 else 1 - int(f"{deviation:e}".split("e")[1])
    return f"{statistics.mean(values):.{digits}f} ± {deviation:.{digits}f}"


def optimizers():
    """SGD and SAM at as many gradients, and SAM at as many epochs."""
    data = "--model lenet --data fashion-mnist --examples 20000"
    rules = {
        "SGD": f"train {data} --gradients 3140",
        "SAM, as many gradients": f"train {data} --optimizer sam --rho 0.05 --gradients 3140",
        "SAM, as many epochs": f"train {data} --optimizer sam --rho 0.05 --gradients 6280",
    }
    seeds = range(5)
    runs = {rule: [] for rule in rules}
    for seed in seeds:
        for (rule, command), name in zip(rules.items(), ("sgd", "sam", "sam2")):
            name = f"{name}.{seed}"
            values = run(name, f"{command} --seed {seed} -o NAME.bin")
            measured = f"{name}.bin --examples 5000"
            spectrum = run(name + ".hessian", f"hessian {measured} --trace -o NAME.png")
            ball = run(name + ".sharpness", f"sharpness {measured} --rho 0.05 -o NAME.png")
            values["λmax"], values["trace"] = spectrum["eigenvalues"][0], spectrum["trace"]["value"]
            values["S"], values["step"] = ball["worst_case"]["lower_bound"], ball["worst_case"]["one_step"]
            runs[rule].append(values)
    rows = []
    for label, key, scale in (
        ("gradients of a batch", "gradient_evaluations", 1), ("training loss", "train_loss", 1),
        ("training accuracy, %", "train_accuracy", 100), ("test loss", "test_loss", 1),
        ("test accuracy, %", "test_accuracy", 100), ("‖θ‖₂", "weight_norm", 1), ("λmax", "λmax", 1),
        ("trace", "trace", 1), ("S_ρ, ρ = 0.05, lower bound", "S", 1), ("one step of SAM, 0.05", "step", 1),
    ):
        values = {rule: [entry[key] for entry in entries] for rule, entries in runs.items()}
        if key == "gradient_evaluations":
            rows.append([label] + [str(numbers[0]) for numbers in values.values()] + ["", ""])
            continue
        base, *others = values.values()
        differences = [spread([a - b for a, b in zip(other, base)], scale) for other in others]
        rows.append([label] + [spread(numbers, scale) for numbers in values.values()] + differences)
    table(["5 seeds", *runs, "SAM − SGD, as many gradients", "SAM − SGD, as many epochs"], rows)


def shortcuts():
    """Residual networks of two depths with and without their shortcuts."""
    models = ["resnet20", "resnet20:noshort", "resnet56", "resnet56:noshort"]
    files, trained, rows = [], [], []
    for model in models:
        name = model.replace(":", "-")
        trained.append(run(name, f"train --model {model} --data digits --lr 0.01 --epochs 100 -o NAME.bin"))
        files.append(name + ".bin")
    measured = []
    for depth, pair in (("20", files[:2]), ("56", files[2:])):
        measured += run(
            f"shortcuts-{depth}", f"compare {' '.join(pair)} --examples 300 --points 25x25 --log -o NAME.png")["checkpoints"]
    for model, training, found in zip(models, trained, measured):
        alpha, beta, values = (found["slice"][key] for key in ("alpha", "beta", "values"))
        # Points of the grid below all eight around them, the checkpoint's own left out.
        minima = sum(
            all(values[j][i] < values[j + dj][i + di] for dj in (-1, 0, 1) for di in (-1, 0, 1) if di or dj)
            for j in range(1, len(beta) - 1) for i in range(1, len(alpha) - 1) if alpha[i] or beta[j])
        near = max(value for b, row in zip(beta, values) for a, value in zip(alpha, row) if a * a + b * b <= 0.25)
        rows.append([
            model, f"{training['train_loss']:.2g}", f"{100 * training['train_accuracy']:.1f}",
            f"{100 * training['test_accuracy']:.1f}", f"{training['weight_norm']:.3g}", f"{found['lambda_max']:.3g}",
            f"{found['trace']:.3g}", f"{found['worst_case']:.3g}", f"{found['slice']['center']:.2g}", f"{near:.2g}",
            f"{max(map(max, values)):.2g}", str(minima),
        ])
    table(["network", "training loss", "training accuracy, %", "test accuracy, %", "‖θ‖₂", "λmax", "trace", "S_ρ, ρ = 0.05",
           "loss at the centre", "largest within 0.5", "largest", "other minima"], rows)


def tracking():
    """λmax during training, full batches and small ones, SGD and SAM."""
    common = ("train --model mlp:784-100-10 --activation tanh --data fashion-mnist --examples 1000 --momentum 0 --weight-decay 0 "
              "--schedule constant")
    rows = []
    for name, label, command in (
        ("track-gd", "gradient descent, all 1000 examples", "--batch-size 1000 --epochs 1000 --lr 0.1 --track-sharpness 9"),
        ("track-gd2", "the same, twice the rate", "--batch-size 1000 --epochs 1000 --lr 0.2 --track-sharpness 9"),
        ("track-sgd", "SGD, batches of 50", "--batch-size 50 --epochs 50 --lr 0.1 --track-sharpness 1"),
        ("track-sam", "SAM, ρ = 0.05, all 1000 examples",
         "--optimizer sam --rho 0.05 --batch-size 1000 --epochs 1000 --lr 0.1 --track-sharpness 9"),
    ):
        result = run(name, f"{common} {command} -o NAME.bin")
        tracked = result["sharpness"]
        late = tracked[-len(tracked) // 4:]
        highest = max(tracked, key=lambda record: record["lambda_max"])
        rows.append([
            label, str(result["steps"]), str(result["gradient_evaluations"]), f"{result['train_loss']:.4f}",
            f"{tracked[0]['lambda_max']:.2f}", f"{highest['lambda_max']:.2f} at {highest['step']}",
            spread([record["lambda_max"] for record in late]),
            f"{statistics.mean(record['stability_edge'] for record in late):.2f}",
        ])
    table(["rule", "steps", "gradients", "training loss", "λmax at first", "largest λmax, at step", "λmax, last quarter",
           "edge, last quarter"], rows)


def edge():
    """Chebyshev polynomials: λmax against the edge of stability, over seeds."""
    common = ("train --model mlp:1-100-1 --activation tanh --momentum 0 --weight-decay 0 --schedule constant --loss half-mse "
              "--precision double")
    rows, seeds = [], range(6)

    def settled(label, name, command):
        window = []
        for seed in seeds:
            result = run(f"{name}.{seed}", f"{common} {command} --track-sharpness 99 --seed {seed} -o NAME.bin")
            late = [record for record in result["sharpness"] if record["step"] > result["steps"] - 5000]
            window.append((result["train_loss"], [record["lambda_max"] / record["stability_edge"] for record in late], late))
        means = [statistics.mean(ratios) for _, ratios, _ in window]
        rows.append([
            label, f"{min(loss for loss, _, _ in window):.2g} to {max(loss for loss, _, _ in window):.2g}",
            f"{statistics.mean(record['stability_edge'] for _, _, late in window for record in late):.2f}",
            f"{min(means):.4f} to {max(means):.4f}", f"{max(statistics.stdev(ratios) for _, ratios, _ in window):.4f}",
            f"{max(abs(ratio - 1) for _, ratios, _ in window for ratio in ratios):.4f}",
            f"{sum(abs(mean - 1) < 0.02 for mean in means)} of {len(means)}",
        ])

    for degree in (4, 5):
        for rate in ("0.2", "0.4"):
            for warmup, steps in ((20000, 30000), (4000, 14000)):
                settled(f"T{degree}, η = {rate}, warm-up {warmup}", f"edge-{degree}-{rate}-{warmup}",
                        f"--data chebyshev:{degree} --lr {rate} --warmup {warmup}_steps --steps {steps}")
    for degree in (4, 5):
        settled(f"T{degree}, η = 0.1, SAM ρ = 0.05, warm-up 2000", f"edge-{degree}-sam",
                f"--data chebyshev:{degree} --lr 0.1 --optimizer sam --rho 0.05 --warmup 2000_steps --steps 12000")
    table(["6 seeds", "training loss", "edge", "λmax/edge, mean of 5000 steps", "its deviation, at most",
           "farthest single value", "mean within 2 %"], rows)

    rows = []
    for rho in ("0.05", "0.1", "0.2", "0.3"):
        results = [
            run(f"collapse-{rho}.{seed}", f"{common} --data chebyshev:5 --lr 0.1 --optimizer sam --rho {rho} "
                f"--warmup 2000_steps --steps 12000 --track-sharpness 12000 --seed {seed} -o NAME.bin")
            for seed in seeds
        ]
        losses = [result["train_loss"] for result in results]
        rows.append([
            rho, f"{min(losses):.3g} to {max(losses):.3g}",
            f"{statistics.mean(result['sharpness'][-1]['lambda_max'] for result in results):.2f}",
            f"{sum(any('trivial' in warning for warning in result['warnings']) for result in results)} of {len(results)}",
        ])
    table(["SAM's ρ, T5, η = 0.1", "training loss after 12 000 steps", "λmax", "said to be trivial"], rows)


def attention():
    """The same network with other weights: W_Q A and W_K A⁻ᵀ, W_V B and W_O B⁻ᵀ in every head."""
    import numpy as np

    model, heads, width = "vit:patch=4,dim=32,depth=2,heads=4", 4, 8
    run("vit", f"train --model {model} --data digits --optimizer adamw --lr 0.003 --epochs 60 -o NAME.bin")
    run("vit.weights", "export vit.bin -o NAME.npz")
    weights = dict(np.load(os.path.join(options.folder, "vit.weights.npz")))

    def transformed(strength):
        """Each head's matrices times I + strength N/√width, N of random normal numbers."""
        result, random = {name: array.astype(float) for name, array in weights.items()}, np.random.default_rng(0)
        for block in range(2):
            qkv, bias = (result[f"blocks.{block}.attn.qkv.{part}"] for part in ("weight", "bias"))
            proj = result[f"blocks.{block}.attn.proj.weight"]
            for head in range(heads):
                q, k, v = (slice(part * heads * width + head * width, part * heads * width + (head + 1) * width)
                           for part in range(3))
                columns = slice(head * width, (head + 1) * width)
                a, b = (np.eye(width) + strength * random.standard_normal((width, width)) / width ** 0.5 for _ in range(2))
                for array in (qkv, bias):
                    array[q], array[k], array[v] = a.T @ array[q], np.linalg.inv(a) @ array[k], b.T @ array[v]
                proj[:, columns] = proj[:, columns] @ np.linalg.inv(b).T
        return {name: array.astype(np.float32) for name, array in result.items()}

    rows, first = [], None
    for strength in (0, 0.3, 0.6, 0.9):
        name = f"vit-{strength}"
        np.savez(os.path.join(options.folder, name + ".npz"), **transformed(strength))
        run(name + ".import", f"import {name}.npz --model {model} --data digits -o {name}.bin")
        spectrum = run(name + ".hessian", f"hessian {name}.bin --trace -o NAME.png")
        ball = run(name + ".sharpness", f"sharpness {name}.bin --measure worst,average,fisher-rao,symmetry-corrected --rho 0.05 -o NAME.png")
        relative = run(name + ".adaptive", f"sharpness {name}.bin --adaptive --eta 0 --rho 0.5 -o NAME.png")
        rows.append([
            f"{strength}", f"{spectrum['loss']:.6f}", f"{spectrum['weight_norm']:.2f}", f"{spectrum['eigenvalues'][0]:.2f}",
            f"{spectrum['trace']['value']:.0f}", f"{ball['worst_case']['lower_bound']:.4f}",
            f"{ball['average_case']['value']:.3f}", f"{relative['worst_case']['lower_bound']:.3f}",
            f"{ball['fisher_rao']['value']:.4f}", f"{ball['symmetry_corrected']['lower_bound']:.5f}",
        ])
    table(["size of A − I", "loss", "‖θ‖₂", "λmax", "trace", "worst case", "average case", "worst case, adaptive",
           "Fisher–Rao", "symmetry-corrected"], rows)


def rules():
    """Newer rules of training at as many gradients, and averages of the weights."""
    common = "train --model mlp:64-64-32-10 --data digits --gradients 2400"
    kinds = {
        "SGD": "--ema 0.99 --swa-start 100", "SAM, ρ = 0.1": "--optimizer sam --rho 0.1",
        "Friendly-SAM, ρ = 0.1": "--optimizer fsam --rho 0.1", "Eigen-SAM, ρ = 0.1": "--optimizer eigensam --rho 0.1",
        "Muon": "--optimizer muon", "SAM, ρ = 0.1, base Muon": "--optimizer sam --rho 0.1 --base muon",
        "SGD, constant rate": "--schedule constant --ema 0.99 --swa-start 100",
    }
    rows = []

    def add(label, names, results):
        spectra = [run(name + ".hessian", f"hessian {name}.bin --trace -o NAME.png") for name in names]
        rows.append([
            label, spread([result["train_loss"] for result in results]), spread([result["test_loss"] for result in results]),
            spread([result["test_accuracy"] for result in results], 100),
            spread([spectrum["eigenvalues"][0] for spectrum in spectra]),
            spread([spectrum["trace"]["value"] for spectrum in spectra]),
        ])

    for number, (label, rule) in enumerate(kinds.items()):
        names = [f"rule{number}.{seed}" for seed in range(5)]
        results = [run(name, f"{common} {rule} --seed {seed} -o NAME.bin") for seed, name in enumerate(names)]
        add(label, names, results)
        for place, average in enumerate(results[0].get("averages", [])):
            kind = average["average"]
            add(f"{label}: {kind.upper()}", [f"{name}.{kind}" for name in names], [result["averages"][place] for result in results])
    table(["5 seeds, 2400 gradients", "training loss", "test loss", "test accuracy, %", "λmax", "trace"], rows)


def topspace():
    """The gradient's share in the space of the ten top eigenvectors, along trainings."""
    rows = []
    for label, name, batch in (("batches of 128", "space128", 128), ("full batches", "space1442", 1442)):
        result = run(name, f"train --model mlp:64-64-32-10 --data digits --batch-size {batch} --steps 2400 --schedule constant "
                     f"--track-sharpness {100 if batch == 1442 else 10} --track-top 10 -o NAME.bin")
        records = {record["step"]: record for record in result["sharpness"]}
        steps = [step for step in (120, 600, 1200, 1800, 2400)]
        near = [min(records, key=lambda step: abs(step - wanted)) for wanted in steps]
        rows.append([label] + [f"{100 * records[step]['top_space_share']:.0f} %" for step in near])
    table(["step", "about 120", "600", "1200", "1800", "2400"], rows)


def paths():
    """Barriers between networks of other seeds, as they are and with their units in order."""
    networks = {
        "lenet": ("--model lenet --examples 20000 --epochs 10", "--examples 5000 --points 21", [("plain", ""), ("REPAIR", " --repair")]),
        "resnet20": ("--model resnet20 --examples 10000 --epochs 4 --lr 0.1", "--examples 1000 --points 11",
                     [("stored statistics", ""), ("measured anew", " --batchnorm recalibrate")]),
    }
    ways = {"as trained": None, "weights": "", "activations": "--by activations", "weights, refined": "--align-refine 200 --align-lr 1"}
    rows = []
    for name, (training, measured, corrections) in networks.items():
        for seed in (0, 2, 4):
            for number in (seed, seed + 1):
                run(f"{name}.{number}", f"train {training} --data fashion-mnist --seed {number} -o NAME.bin")
            ends = []
            for place, options_of in enumerate(ways.values()):
                ends.append(f"{name}.{seed}-{place}" if options_of is not None else f"{name}.{seed + 1}")
                if options_of is not None:
                    run(ends[-1], f"align {name}.{seed}.bin {name}.{seed + 1}.bin {options_of} -o NAME.bin".replace("  ", " "))
            for label, correction in corrections:
                results = [
                    run(f"{end}.{label.replace(' ', '-')}", f"interpolate {name}.{seed}.bin {end}.bin {measured}{correction} -o NAME.png")
                    for end in ends
                ]
                rows.append([name, f"{seed}, {seed + 1}", label] + [f"{result['barrier']:.2f}" for result in results])
    table(["network", "seeds", "between the networks", *ways], rows)


def curves():
    """Barriers on curves between networks of other seeds, all with as many gradients as an elastic band takes."""
    networks = {f"mlp{width}": f"--model mlp:64-{width}-10 --data digits --epochs 1000" for width in (4, 6, 8)}
    networks["lenet5000"] = "--model lenet --data fashion-mnist --examples 5000 --epochs 60"
    rows, found = [], []
    for name, training in networks.items():
        for seed in (0, 2):
            for number in (seed, seed + 1):
                run(f"{name}.{number}", f"train {training} --seed {number} -o NAME.bin")
            command = f"interpolate {name}.{seed}.bin {name}.{seed + 1}.bin"
            band = run(f"{name}.{seed}.neb", f"{command} --curve neb -o NAME.png")
            steps = band["curve"]["gradients"]
            results = [run(f"{name}.{seed}.{kind}.{bends}", f"{command} --curve {kind} --bends {bends} --steps {steps} -o NAME.png")
                       for kind in ("bezier", "polygon") for bends in (1, 3)] + [band]
            rows.append([name, f"{seed}, {seed + 1}", f"{band['values'][0]:.3f}, {band['values'][-1]:.3f}", f"{steps}", f"{band['barrier']:.2f}"]
                        + [f"{result['curve']['barrier']:.3f}" for result in results])
            found += [result["curve"]["highest"] for result in results]
    table(["network", "seeds", "losses", "gradients", "line", "Bezier, 1 bend", "Bezier, 3", "polygon, 1 bend", "polygon, 3", "band"], rows)
    print(f"\nerror at most {max(h['error'] for h in found):.1g}, standard errors {min(h['standard_error'] for h in found):.1g}"
          f" to {max(h['standard_error'] for h in found):.1g}")


PARTS = {"optimizers": optimizers, "shortcuts": shortcuts, "tracking": tracking, "edge": edge, "attention": attention,
         "rules": rules, "topspace": topspace, "paths": paths, "curves": curves}
unknown = [part for part in options.parts if part not in PARTS]
if unknown:
    parser.error(f"no part {unknown[0]}: expected some of {', '.join(PARTS)}")
os.makedirs(options.folder, exist_ok=True)
for part in options.parts or PARTS:
    PARTS[part]()
