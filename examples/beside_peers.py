#!/usr/bin/env python3
"""λmax and spectral density beside hessian-eigenthings and PyHessian, in turns: the table "Beside other tools" of docs/performance.md.

    top      the largest eigenvalue of mlp:64-W-W-10 on 1024 examples, for each width W
    density  10 probes, for mlp:64-1000-900-10 on 1024 examples

The network is trained by landscape and exported; all have the same weights and data, Float32 and the same number of threads. Of landscape the
wall time of the whole command counts, of the others that of the computation alone, without Python's start and imports; memory is the peak of
the process. hessian-eigenthings has Lanczos with the fewest of 5, 10, 15, … steps whose λmax is right to 1e-4, PyHessian its power iteration
with tol 1e-4. For the density, hessian-eigenthings takes 10 probes of 90 steps, and so does PyHessian; landscape takes its defaults.
PyHessian 0.1 needs a torch.eig that PyTorch no longer has; it gets one here.
Needs torch, numpy, hessian-eigenthings and pyhessian from PyPI.

    examples/beside_peers.py [--landscape FILE] [--work top,density] [--widths 512,1024,2048] [--rounds 3] [--threads 2]
"""
import argparse, json, os, statistics, subprocess, sys, tempfile, time, warnings

warnings.filterwarnings("ignore")

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--landscape", default="landscape")
parser.add_argument("--work", default="top,density")
parser.add_argument("--widths", default="512,1024,2048")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--folder", help="where networks are made, and found again")
parser.add_argument("--make", metavar="LAYERS", help="makes one network in the folder")
parser.add_argument("--peer", nargs=3, metavar=("TOOL", "WORK", "LAYERS"), help="a turn of another tool")
options = parser.parse_args()


def make(layers):
    import numpy as np

    place = os.path.join(options.folder, layers)
    if os.path.exists(place + ".npz"):
        return
    random = np.random.default_rng(0)
    x = random.standard_normal((1024, 64)).astype(np.float32)
    np.save(place + "_x.npy", x)
    np.save(place + "_y.npy", np.argmax(x @ random.standard_normal((64, 10)), 1))
    for words in (
        ["train", "--model", "mlp:" + layers, "--data", f"npy:{place}_x.npy,{place}_y.npy", "--epochs", "3", "-o", place + ".bin"],
        ["export", place + ".bin", "-o", place + ".npz"],
    ):
        subprocess.run([options.landscape] + words + ["--quiet"], check=True, stdout=subprocess.DEVNULL)


def peer(tool, work, layers):
    import numpy as np
    import torch
    from torch import nn

    torch.set_num_threads(options.threads)
    place, widths = os.path.join(options.folder, layers), [int(width) for width in layers.split("-")]
    parts = [part for pair in zip(widths, widths[1:]) for part in (nn.Linear(*pair), nn.ReLU())][:-1]
    model, weights = nn.Sequential(*parts), np.load(place + ".npz")
    for number, layer in enumerate(parts[::2]):
        for name in ("weight", "bias"):
            getattr(layer, name).data.copy_(torch.from_numpy(weights[f"fc{number + 1}.{name}"]))
    x, y = torch.from_numpy(np.load(place + "_x.npy")), torch.from_numpy(np.load(place + "_y.npy")).long()
    criterion = nn.CrossEntropyLoss()
    if tool == "eigenthings":
        from hessian_eigenthings.algorithms.lanczos import lanczos
        from hessian_eigenthings.algorithms.spectral_density import spectral_density
        from hessian_eigenthings.loss_fns.standard import supervised_loss
        from hessian_eigenthings.operators import HessianOperator

        operator = HessianOperator(model, [(x, y)], supervised_loss(criterion))
        begin = time.time()
        if work == "density":
            found = spectral_density(operator, num_runs=10, lanczos_steps=90, seed=0)
            value = float(found.raw_eigenvalues.max())
        else:
            value = float(lanczos(operator, k=1, max_iter=int(work.split(":")[1]), which="LA", seed=0).eigenvalues[0])
    else:
        import pyhessian

        begin = time.time()
        found = pyhessian.hessian(model, criterion, data=(x, y), cuda=False)
        if work == "density":
            # PyHessian 0.1 calls torch.eig, which PyTorch no longer has.
            torch.eig = lambda matrix, eigenvectors: (lambda found: (torch.stack([found[0].real, found[0].imag], 1), found[1].real))(
                torch.linalg.eig(matrix))
            value = max(max(values) for values in found.density(iter=90, n_v=10)[0])
        else:
            value = found.eigenvalues(maxIter=1000, tol=1e-4, top_n=1)[0][0]
    print(json.dumps({"seconds": time.time() - begin, "value": float(value)}))


def measured(command, own=None):
    """Seconds, MB and the value."""
    begin = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)}: status {status}")
    wall = time.time() - begin
    found = json.loads(text)
    value = own(found) if own else found["value"]
    return wall if own else found["seconds"], usage.ru_maxrss / 1024, value


def row(label, turns):
    """Each turn's median time and largest peak, in turns of all."""
    runs = {name: [] for name in turns}
    for _ in range(options.rounds):
        for name, turn in turns.items():
            runs[name].append(turn())
    print(f"{label:32}" + "".join(
        f"{name}: {statistics.median(r[0] for r in found):7.2f} s {max(r[1] for r in found):6.0f} MB  {found[0][2]:.6g}   "
        for name, found in runs.items()), flush=True)


def main():
    with tempfile.TemporaryDirectory() as temporary:
        options.folder = options.folder or temporary
        os.makedirs(options.folder, exist_ok=True)
        this = [sys.executable, os.path.abspath(__file__), "--folder", options.folder, "--threads", str(options.threads)]
        for work in options.work.split(","):
            for layers in ["64-1000-900-10"] if work == "density" else [f"64-{w}-{w}-10" for w in options.widths.split(",")]:
                # A process that this one starts counts this one's memory as its own, so this one stays small.
                subprocess.run(this + ["--make", layers, "--landscape", options.landscape], check=True)
                place = os.path.join(options.folder, layers)
                words = ["hessian", place + ".bin"] + (["--density"] if work == "density" else ["--top", "1"])
                words += ["--threads", str(options.threads), "--quiet"]

                def own():
                    return measured([options.landscape] + words + ["--json"], lambda found: found["eigenvalues"][0])

                def other(tool, work):
                    return measured(this + ["--peer", tool, work, layers])

                turns = {"landscape": own}
                if work == "density":
                    turns["hessian-eigenthings"] = lambda: other("eigenthings", "density")
                    turns["PyHessian"] = lambda: other("pyhessian", "density")
                else:
                    exact = own()[2]
                    steps = next(n for n in range(5, 200, 5) if abs(other("eigenthings", f"top:{n}")[2] / exact - 1) <= 1e-4)
                    turns[f"hessian-eigenthings, {steps} steps"] = lambda: other("eigenthings", f"top:{steps}")
                    turns["PyHessian"] = lambda: other("pyhessian", "top")
                row(f"{work} mlp:{layers}", turns)


if options.peer:
    peer(*options.peer)
elif options.make:
    make(options.make)
else:
    main()
