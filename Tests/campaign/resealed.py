"""Checkpoints that say hostile things and have the right digests: anybody can write one."""

import copy
import itertools
import json
import os

import commands
import files
from bench import Fault, judge

FOLDERS = itertools.count()
NUMBERS = [0, -1, 1, 2**31, 2**63 - 1, -(2**63), 2**64, 1e300, -1e300, 1e-300, 0.5]
VALUES = [*NUMBERS, "", "x", "é\0\n", "9" * 400, "nan", "../" * 9, "a" * 100_000, True, None, [], [[]], {}, [1, 2], {"a": 1}]
TEXTS = [
    "", " ", "0", "-1", "1e5", str(2**63 - 1), str(2**64), "nan", "inf", "é\0\n\x1b[31m", "a" * 100_000, "[]", "{}", "null", "1",
    '"x"', "[" * 5000, '{"a":' * 5000, "true",
]  # fmt: skip
# What may stand for a network or for data.
NAMES = [
    "mlp:0-0", "mlp:1", "mlp:64-16-10,bogus", f"mlp:{2**62}-{2**62}-{2**62}", "mlp:-1-10", "mlp:" + "1-" * 5000 + "1", "linear",
    "resnet20", "resnet999998", "wrn-28-999999999", "vit:patch=0,dim=0", "vit:patch=1,dim=1000000,depth=1000000",
    "transformer:vocab=9223372036854775807", "transformer:vocab=0", "lenet", "npy:/dev/zero,/dev/zero", "csv:/", "npz:.",
    "chebyshev:9223372036854775807", "chebyshev:-1", "mnist:", "digits:x", "spirals", "cross-entropy:label-smoothing=1e300",
    "cross-entropy:class-axis=9223372036854775807", "cross-entropy:ignore-index=-9223372036854775808", "bce:pos-weights=",
    "huber:nan", "smooth-l1:0", "output:batch=0", "cross-entropy:class-weights=" + "1;" * 5000,
]  # fmt: skip
LINES = [
    "info a.bin",
    "evaluate a.bin",
    "slice a.bin --points 3",
    "hessian a.bin --iterations 5",
    "train --model mlp:64-16-10 --data digits --examples 200 --epochs 12 --batch-size 20 -o a.bin --resume",
    "train --start a.bin --epochs 1 -o t.bin",
    "export a.bin -o e.npz",
    "study runs --probes 6 --samples 3",
    "trajectory run --points 3",
    "interpolate a.bin b.bin --points 3",
]


def cases(bench):
    everything = list(changes(*files.read_checkpoint(os.path.join(bench.root, "start", "a.bin"))))
    chosen = everything if bench.is_long else bench.random("resealed").sample(everything, 300)
    for number, (what, change) in enumerate(chosen):
        random = bench.random("resealed", what)
        for line in random.sample(LINES, bench.choose(1, 3)):
            name = f"resealed/{line.split()[0]}/{what}"
            yield name, lambda n, c=change, li=line: attack(bench, n, c, li)


def changes(metadata, entries, numbers):
    """A name for each change, and a function that makes it."""
    for key, text in metadata.items():
        if key in ("sha256", "header_sha256"):
            continue
        yield f"{key}/missing", lambda m, e, k=key: m.pop(k)
        for i, value in enumerate([*TEXTS, *NAMES] if key in ("model", "loss") else TEXTS):
            yield f"{key}/text-{i}", lambda m, e, k=key, v=value: m.update({k: v})
        if text[:1] not in "[{":
            continue
        for path in leaves(json.loads(text)):
            shown = ".".join(map(str, path))
            values = [*VALUES, *NAMES] if path[-1] == "specification" else VALUES
            yield f"{key}.{shown}/missing", lambda m, e, k=key, p=path: nested(m, k, p, None, removes=True)
            for i, value in enumerate(values):
                yield f"{key}.{shown}/{i}", lambda m, e, k=key, p=path, v=value: nested(m, k, p, v)
    for key in ("onnx", "graph", "mapping", "data-place", "unknown"):
        for i, value in enumerate(TEXTS):
            yield f"new-{key}/{i}", lambda m, e, k=key, v=value: m.update({k: v})
    for tensor in list(entries)[-4:]:
        for i, shape in enumerate([[], [0], [1], [2**62, 4], [-1, -16], [1] * 2000, [16 * 64], [64, 16], [2**63 - 1, 2]]):
            yield f"shape-{tensor}/{i}", lambda m, e, t=tensor, s=shape: e[t].update(shape=s)
        for kind in ("F16", "I64", "BOOL", "U8", "F64", "X"):
            yield f"dtype-{tensor}/{kind}", lambda m, e, t=tensor, k=kind: e[t].update(dtype=k)
        for i, new in enumerate(["", "é\0", "a" * 100_000, "optimizer." + tensor, "buffer"]):
            yield f"name-{tensor}/{i}", lambda m, e, t=tensor, v=new: e.update({v: e.pop(t)})


def leaves(value, path=()):
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:2]):
            yield from leaves(inner, (*path, index))


def nested(metadata, key, path, value, removes=False):
    whole = json.loads(metadata[key])
    place = whole
    for part in path[:-1]:
        place = place[part]
    if removes:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    metadata[key] = json.dumps(whole)


def attack(bench, name, change, line):
    # A name may be long, and that of several cases.
    folder = commands.copy(bench, f"resealed/{next(FOLDERS)}")
    metadata, entries, numbers = files.read_checkpoint(os.path.join(folder, "a.bin"))
    metadata, entries = dict(metadata), copy.deepcopy(entries)
    change(metadata, entries)
    for path in ("a.bin", "runs/a.bin", "run/r.epoch002.bin"):
        files.write_checkpoint(os.path.join(folder, path), metadata, entries, numbers)
    outcome = bench.run([*line.split(), "--quiet"], folder, timeout=30)
    judge(outcome, (0, 1, 2))
    if outcome.code and len(outcome.lines) != 1:
        raise Fault(f"expected one line; {outcome}")
    if any(ord(c) < 32 and c != "\n" for c in outcome.err + outcome.out):
        raise Fault(f"prints control characters; {outcome}")
