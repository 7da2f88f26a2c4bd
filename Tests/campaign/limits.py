"""Limits of the shell and --memory: the right result or a refusal in words, never a trap, never a hang."""

import os
import re
import resource

import commands
import files
from bench import Fault, judge

KIND = {"v": resource.RLIMIT_AS, "f": resource.RLIMIT_FSIZE, "n": resource.RLIMIT_NOFILE, "s": resource.RLIMIT_STACK}
MIB = 1 << 20


def subjects(bench):
    """One command of each kind, short: what is tried is the beginning and the writing."""
    end = "--json --quiet"
    return [
        commands.Command("train", ["train", *commands.NETWORK, "-o", "t.bin", "--epochs", "2", *end.split()], trains=True),
        commands.Command("slice", f"slice a.bin --points 9x9 -o out.json -o out.npz -o out.png {end}"),
        commands.Command("hessian", f"hessian a.bin --top 3 --save-vectors V.npy -o out.json {end}"),
        commands.Command("sharpness", f"sharpness a.bin --restarts 1 --steps 5 -o out.json {end}"),
    ]


def sizes(bench):
    spread = bench.choose(6, 80)
    return {
        # From too little for the libraries alone, for which the loader finds words, to enough.
        "v": [int(40 * MIB * 100 ** (i / (spread - 1))) for i in range(spread)],
        "f": [0, 1, 511, 4096, 20000] + ([] if not bench.is_long else [64, 1024, 9000, 17000, 18500, 40000, 80000, 200000]),
        "n": [4, 6, 8, 16] + ([] if not bench.is_long else [3, 5, 7, 9, 10, 11, 12, 20]),
        "s": [128 << 10, 512 << 10, 8 * MIB, resource.RLIM_INFINITY] + ([256 << 10, MIB, 64 * MIB] if bench.is_long else []),
    }


def cases(bench):
    for command in subjects(bench):
        for kind, values in sizes(bench).items():
            for value in values:
                name = f"limit/{command.name}/{kind}/{value}"
                yield name, lambda n, c=command, k=kind, v=value: attack(bench, n, c, k, v)
        if command.trains:
            continue
        count = bench.choose(5, 60)
        for value in (int(MIB * 1000 ** (i / (count - 1))) for i in range(count)):
            yield f"memory/{command.name}/{value}", lambda n, c=command, v=value: with_memory(bench, n, c, v)


def attack(bench, name, command, kind, value):
    reference = commands.reference(bench, command)
    folder = commands.copy(bench, name)
    former = {} if command.trains else commands.former(bench, folder, reference.outputs)
    started = {**files.all_bytes(os.path.join(bench.root, "start")), **former}
    environment = bench.environment(folder, LANDSCAPE_KEEP_SECONDS="0")
    outcome = bench.run(command.words, folder, environment=environment, limits=[(KIND[kind], value)], timeout=60)
    files.check_former_or_new(folder, started, reference.folder)
    # The loader's own words: 127, or 1 where it has no room for itself.
    if re.search(r"error while loading shared libraries|cannot allocate|cannot create", outcome.err) and outcome.code:
        return check_refused(folder)
    if kind in "vs" and outcome.signal in (9, 11) and not outcome.err and (kind == "s" or value < 64 * MIB):
        # The kernel has no room to begin the program.
        return check_refused(folder)
    judge(outcome, (0, 1, 2))
    if outcome.code == 0:
        files.check_folder(folder, may_be_left=False)
        reference.check_same(folder)
    else:
        check_refused(folder)


def check_refused(folder):
    for name in files.names(folder):
        if files.LEFTOVER.search(name):
            raise Fault(f"left over: {name}")
        if not name.endswith(".unfinished"):
            files.check_whole(os.path.join(folder, name))


def with_memory(bench, name, command, value):
    folder = commands.copy(bench, name)
    outcome = bench.run([*command.words, "--memory", value], folder)
    judge(outcome, (0, 1, 2))
    if outcome.code == 0:
        # Other batches may round otherwise, so the bits are those of other runs with as much memory.
        return files.check_folder(folder, may_be_left=False)
    check_refused(folder)
    # A refusal names what is enough.
    found = re.search(r"give --memory ([0-9.]+[KMGT])", outcome.err)
    if found is None:
        raise Fault(f"names no minimum; {outcome}")
    again = bench.run([*command.words, "--memory", found[1]], folder)
    judge(again, (0,))
    files.check_folder(folder, may_be_left=False)
