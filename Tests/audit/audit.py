"""Recomputes what `landscape` prints, with independent formulas in Float64: see README.md here.

python3 Tests/audit/audit.py --landscape PATH [--network mlp|cnn|vit] [--only COMMAND] [-o table.csv]
"""

import argparse
import os
import sys
import tempfile

import torch

import average
import batches
import compare
import edges
import losses
import measures
import networks
import paths
import planes
import shards
import shares
import sharpness
import slices
import spectrum
import study
import training
import variants
from program import Program, Table

# What --only names, and the checks behind it. compare works in study's folder.
CHECKS = [
    ("evaluate", measures.evaluate),
    ("gradient", measures.gradient),
    ("info", measures.info),
    ("settings", measures.settings),
    ("settings", losses.losses),
    ("settings", variants.check),
    ("settings", batches.check),
    ("interpolate", paths.check),
    ("trajectory", paths.trajectory),
    ("train", training.check),
    ("train", edges.check),
    ("train", shards.check),
    ("slice", slices.check),
    ("slice", planes.check),
    ("sharpness", sharpness.check),
    ("sharpness", average.check),
    ("hessian", spectrum.check),
    ("hessian", spectrum.repeated),
    ("hessian", shares.coverage),
    ("study", study.check),
    ("study", compare.check),
]
ONLY_MLP = (measures.settings, losses.losses, shards.check, spectrum.repeated, shares.coverage)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--landscape", required=True, help="the program")
    parser.add_argument("--network", choices=sorted(networks.MODELS), action="append", help="repeatable; default: all")
    parser.add_argument(
        "--only", choices=sorted({name for name, _ in CHECKS}), action="append", help="repeatable; default: all"
    )
    parser.add_argument("-o", dest="table", help="write the table as CSV")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        program = Program(arguments.landscape, folder)
        networks.write_data(folder)
        graph = os.path.join(networks.FIXTURE, "graph_ts17.onnx")
        program.run("import", graph, "--data", "npz:data.npz", "-o", "graph.bin", "--precision", "double", "--quiet")
        for network in arguments.network or networks.MODELS:
            table.network, name = network, network + ".bin"
            program.json(
                "train",
                *networks.MODELS[network],
                "--data",
                "npz:data.npz",
                "--epochs",
                40,
                "--batch-size",
                20,
                "-o",
                name,
            )
            case = networks.Case(program, network, name)
            for command, check in CHECKS:
                if (not arguments.only or command in arguments.only) and (network == "mlp" or check not in ONLY_MLP):
                    check(program, table, case)
    if not arguments.only and not arguments.network:
        readme = os.path.join(os.path.dirname(os.path.abspath(__file__)), "README.md")
        table.network = ""
        for command, key in table.uncovered(program.printed, readme):
            table.holds(command, key, "printed", "recomputed, or listed in README.md", False)
    if arguments.table:
        table.write(arguments.table)
    failed = [row for row in table.rows if not row[-1]]
    print(f"\n{len(table.rows)} lines, {len(failed)} fail")
    for row in failed:
        print("  ".join(str(v) for v in row[:-1]))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
