"""Measures what sharing a Hessian product between ranks costs, and predicts it.

    python3 examples/ranks_cost.py --landscape .build/release/landscape [--launcher "mpirun -n 2 --bind-to none"] [--repeats 6]

One thread a rank; times are processor seconds a rank, the least of the repeats, so that other work of the machine disturbs them little. A
rank that waits for a disturbed one counts its waiting, so on a shared machine three repeats can be too few.
A product on N ranks takes C / N + a + b · P seconds: C is the time on one rank, P the number of parameters. a and b are found from the
smallest and the largest network; those between are predicted. It takes seven minutes.
"""

import argparse
import pathlib
import resource
import subprocess
import tempfile

WIDTHS = [128, 768, 1024, 1536]
PRODUCTS = (6, 36)


def seconds(words, folder, ranks):
    """Processor seconds of each of the ranks that a command has."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(words + ["--quiet"], cwd=folder, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{' '.join(words)}: exit code {run.returncode}\n{run.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / ranks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--landscape", required=True, type=pathlib.Path)
    parser.add_argument("--launcher", default="mpirun.openmpi -n 2 --oversubscribe --bind-to none")
    parser.add_argument("--repeats", type=int, default=6)
    options = parser.parse_args()
    landscape, launcher = str(options.landscape.resolve()), options.launcher.split()
    ranks = int(launcher[launcher.index("-n") + 1])
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for width in WIDTHS:
            model = f"mlp:64-{width}-{width}-10"
            seconds([landscape, "train", "--model", model, "--data", "digits", "--steps", "1", "-o", "m.bin"], folder, 1)
            times = {(count, products): [] for count in (0, ranks) for products in PRODUCTS}
            for _ in range(options.repeats):
                # Alternating, so that what else the machine does meets all.
                for count, products in times:
                    words = [landscape, "hessian", "m.bin", "--top", "0", "--trace", "--probes", str(products), "--threads", "1"]
                    taken = seconds((launcher if count else []) + words, folder, max(1, count))
                    times[count, products].append(taken)
            few, many = PRODUCTS
            alone, shared = ((min(times[count, many]) - min(times[count, few])) / (many - few) for count in (0, ranks))
            parameters = 64 * width + width + width * width + width + 10 * width + 10
            rows.append((parameters, alone, shared))
    share = 1 / ranks
    over = [shared - alone * share for _, alone, shared in rows]
    slope = (over[-1] - over[0]) / (rows[-1][0] - rows[0][0])
    fixed = over[0] - slope * rows[0][0]
    print(f"a = {fixed * 1e3:.2f} ms, b = {slope * 1e9:.2f} ns a parameter")
    print("| parameters | one rank | %d ranks | efficiency | predicted |\n| --- | --- | --- | --- | --- |" % ranks)
    for parameters, alone, shared in rows:
        predicted = alone * share + fixed + slope * parameters
        print(f"| {parameters} | {alone * 1e3:.1f} ms | {shared * 1e3:.1f} ms | {alone / shared / ranks:.2f} | {predicted * 1e3:.1f} ms |")


if __name__ == "__main__":
    main()
