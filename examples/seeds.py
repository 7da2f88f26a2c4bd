#!/usr/bin/env python3
"""How much the worst case in a ball depends on the search's seed.

Trains six small networks, searches balls of several radii with five seeds each, and prints two tables in Markdown: every case, and
for each radius how far the seeds differ in percent of the largest. Needs python3 alone; takes a few minutes.

    examples/seeds.py [LANDSCAPE] [FOLDER]      (defaults: .build/release/landscape, ./seeds)
"""
import collections, json, os, statistics, subprocess, sys

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
landscape = sys.argv[1] if len(sys.argv) > 1 else os.path.join(root, ".build/release/landscape")
folder = sys.argv[2] if len(sys.argv) > 2 else "seeds"
digits = "--data digits --examples"
networks = {
    "mlp-relu": f"--model mlp:64-32-10 {digits} 400 --epochs 60 --lr 0.1",
    "mlp-tanh": f"--model mlp:64-32-10 --activation tanh {digits} 400 --epochs 60 --lr 0.1",
    "chebyshev": "--model mlp:1-20-20-1 --activation tanh --data chebyshev:5 --epochs 4000 --optimizer adam --lr 0.005",
    "spirals": "--model mlp:2-20-20-2 --data spirals --epochs 100 --lr 0.1",
    "vit": f"--model vit:patch=4,dim=16,depth=1,heads=2 {digits} 200 --epochs 100 --optimizer adam --lr 0.005",
    "wrn": f"--model wrn-10-1 {digits} 64 --batch-size 32 --epochs 60",
}
radii = {"linf": [0.0001, 0.001, 0.01, 0.05, 0.2], "l2": [0.05, 0.5, 2, 8, 32]}


def run(*arguments):
    """The JSON object that a command prints."""
    result = subprocess.run([landscape, *arguments, "--json", "--quiet"], stdout=subprocess.PIPE, check=True)
    return json.loads(result.stdout)


os.makedirs(folder, exist_ok=True)
differences = collections.defaultdict(list)
print("| network | ball | ρ | largest | seeds differ | spread | gradients | losses |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
for name, options in networks.items():
    checkpoint = os.path.join(folder, name + ".bin")
    if not os.path.exists(checkpoint):
        run("train", *options.split(), "-o", checkpoint)
    for norm in radii:
        for rho in radii[norm][:-1 if name == "wrn" else None]:  # Beyond that the WRN's losses are not finite.
            found = [
                run("sharpness", checkpoint, "--norm", norm, "--rho", str(rho), "--seed", str(seed))["worst_case"]
                for seed in range(5)
            ]
            bounds = [one["lower_bound"] for one in found]
            difference = 100 * (1 - min(bounds) / max(bounds))
            differences[norm, rho].append(difference)
            spread = statistics.median(100 * one["spread"] / one["lower_bound"] for one in found)
            gradients, values = (statistics.mean(one[key] for one in found) for key in ("gradients", "values"))
            print(f"| {name} | {norm} | {rho:g} | {max(bounds):.4g} | {difference:.2f} % | {spread:.1f} % "
                  f"| {gradients:.0f} | {values:.0f} |", flush=True)
print("\n| ball | ρ | median | largest |\n| --- | --- | --- | --- |")
for (norm, rho), all_of_them in differences.items():
    print(f"| `{norm}` | {rho:g} | {statistics.median(all_of_them):.1f} % | {max(all_of_them):.1f} % |")
