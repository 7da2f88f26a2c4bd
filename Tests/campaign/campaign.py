#!/usr/bin/env python3
"""Attacks `landscape`: kills, signals, limits, full disks, faults of every call. See docs/reliability.md.

python3 Tests/campaign/campaign.py [--long] [--landscape PATH] [--only NAME]... [--seed N]
"""

import argparse
import os
import shutil
import sys
import time

import bench
import bits
import commands
import crowd
import disk
import extremes
import faults
import kills
import limits
import outputs
import resealed
import special
import stops

# In the order of the table. Each gives pairs of a case's name and its function.
ATTACKS = [kills, stops, limits, disk, outputs, special, crowd, bits, resealed, extremes, faults]
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.build/release/landscape")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--short", action="store_true", help="3 minutes on 2 processors, as in CI; the default")
    form.add_argument("--long", action="store_true", help="every call of every kind, and more than 500 kills")
    parser.add_argument("--landscape", default=os.path.normpath(PROGRAM), help="the program")
    parser.add_argument("--only", action="append", default=[], help="the start of a case's name, such as kill/slice-1d")
    parser.add_argument("--seed", type=int, default=0, help="of moments and choices")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="cases at a time")
    parser.add_argument("--keep", action="store_true", help="keep the folders of the cases")
    arguments = parser.parse_args()
    if not os.access(arguments.landscape, os.X_OK):
        sys.exit(f"{arguments.landscape}: no program; build it, or name it by --landscape")

    started, root, table = time.time(), bench.temporary_root(), bench.Table()
    place = bench.Bench(arguments.landscape, root, arguments.seed, arguments.long)
    try:
        commands.prepare(place)
        for attack in ATTACKS:
            cases = [c for c in attack.cases(place) if not arguments.only or is_chosen(c[0], arguments.only)]
            before = time.time()
            bench.run_cases(cases, table, arguments.workers)
            if cases:
                print(f"{attack.__name__}: {len(cases)} cases, {time.time() - before:.0f} s", file=sys.stderr, flush=True)
    finally:
        if arguments.keep:
            print(f"kept in {root}", file=sys.stderr)
        else:
            shutil.rmtree(root, ignore_errors=True)
    repeat = f"Tests/campaign/campaign.py --seed {arguments.seed}{' --long' if arguments.long else ''}"
    print(table.text("python3 " + repeat))
    print(f"{place.kills} runs killed; {time.time() - started:.0f} s")
    sys.exit(1 if table.failures or not table.rows else 0)


def is_chosen(name, prefixes):
    return any((name + "/").startswith(prefix.rstrip("/") + "/") for prefix in prefixes)


if __name__ == "__main__":
    main()
