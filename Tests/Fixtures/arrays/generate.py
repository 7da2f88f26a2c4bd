"""Writes the fixtures of this folder. Run with numpy and safetensors installed."""
import gzip
import pathlib

import numpy
import safetensors.numpy

here = pathlib.Path(__file__).parent

# Every value can be told from its place: 100 i + 10 j + k − 50 (not negative where the type is unsigned).
grid = numpy.array([[[100 * i + 10 * j + k for k in range(4)] for j in range(3)] for i in range(1)])
arrays = {}
for code in ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"]:
    values = grid if code[0] == "u" else grid - 50
    for order in "CF":
        for endian in "<>":
            if code[1] == "1" and endian == ">":
                continue
            name = f"{code}_{order}_{'little' if endian == '<' else 'big'}"
            arrays[name] = numpy.asarray(values.astype(endian + code), order=order)
arrays["b1_C_little"] = grid % 2 == 1
arrays["scalar"] = numpy.array(2.5)
arrays["empty"] = numpy.zeros((0, 3))
arrays["halves"] = numpy.array([0x0000, 0x8000, 0x0001, 0x03FF, 0x0400, 0x3C00, 0x7BFF, 0x7C00, 0xFC00, 0x3555],
                               dtype="u2").view("f2")
arrays["text"] = numpy.array('{"name":"Größe 🙂"}')
arrays["bytes"] = numpy.array(b"plain")
numpy.savez(here / "numpy.npz", **arrays)
numpy.savez_compressed(here / "numpy-deflated.npz", zeros=numpy.zeros((100, 100)), ramp=numpy.arange(1000))

with open(here / "version2.npy", "wb") as file:
    numpy.lib.format.write_array(file, numpy.arange(6.0).reshape(2, 3), version=(2, 0))
with open(here / "version3.npy", "wb") as file:
    numpy.lib.format.write_array(file, numpy.arange(6.0).reshape(2, 3), version=(3, 0))

safetensors.numpy.save_file(
    {"weight": numpy.arange(6, dtype="f4").reshape(2, 3), "bias": numpy.array([1.5, -2.5]),
     "half": numpy.array([0.5, 2.0], dtype="f2"), "steps": numpy.array(7, dtype="i8")},
    here / "reference.safetensors", metadata={"note": "made by the \"reference\" library"})

idx = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (2, 2, 3)) + bytes(range(12))
(here / "images.idx").write_bytes(idx)
(here / "images.idx.gz").write_bytes(gzip.compress(idx, mtime=0))
