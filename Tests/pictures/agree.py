#!/usr/bin/env python3
"""Pictures are the same in every format.

    Tests/pictures/agree.py [--landscape PROGRAM] [--keep FOLDER] [--measure]

Draws several kinds of pictures as PNG, SVG, PDF and EPS. Chromium, Poppler and Ghostscript draw the last three, and the pixels are
compared with those of the PNG. Text must be text: found by pdftotext, in embedded fonts. Then pictures are spoiled on purpose, and the
comparison must fail for each.
"""

import argparse
import operator
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "report"))
from browser import Page  # noqa: E402

DPI = 144
BLOCK = 8
# Bounds, of 255: the mean |difference| over the picture, and the difference of the means of a block of 8 × 8 pixels. Anti-aliasing
# leaves the mean of a block nearly as it is; a word that is missing does not. --measure prints what there is.
MEAN = {"svg": 4, "pdf": 4.5, "eps": 6}
WORST = {"svg": 54, "pdf": 54, "eps": 54}
LARGEST_PDF = 40_000

# The name of a picture, the result it is drawn from, options, and what its text must hold.
PICTURES = [
    ("map", "plane.npz", [], ["Loss along filter-normalised random directions", "α", "β", "−1.0", "0.5", "centre (0, 0)"]),
    ("curve", "eigen.npz", [], ["Loss along eigenvector 1, λ =", "α, eigenvector 1", "accuracy (right axis)", "−1.0"]),
    ("surface", "plane.npz", ["--3d"], ["Loss along filter-normalised random directions", "α", "β", "−1", "loss"]),
    ("density", "density.npz", [], ["Spectral density", "eigenvalue", "density"]),
    ("dark", "plane.npz", ["--theme", "dark"], ["α", "β", "−1.0"]),
    ("transparent", "eigen.npz", ["--theme", "transparent"], ["α, eigenvector 1", "−1.0"]),
]


def call(*words, cwd=None):
    environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no"}
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stderr or done.stdout}")
    return done.stdout


def make(program, folder):
    def run(*words):
        call(program, *words, "--quiet", cwd=folder)

    run("train", "--model", "mlp:64-8-10", "--data", "digits", "--epochs", "4", "-o", "ckpt.bin")
    run("slice", "ckpt.bin", "--dims", "2", "--points", "15", "--examples", "300", "-o", "plane.npz")
    run("slice", "ckpt.bin", "--directions", "eigen", "--dims", "1", "--points", "21", "--examples", "300", "-o", "eigen.npz")
    run("hessian", "ckpt.bin", "--top", "3", "--density", "--examples", "300", "-o", "density.npz")
    for name, source, options, _ in PICTURES:
        files = [word for kind in ("png", "svg", "pdf", "eps") for word in ("-o", f"{name}.{kind}")]
        run("plot", source, "--width", "4in", "--font-size", "9", "--dpi", str(DPI), *options, *files)


def png(content):
    """Width, height and RGB of a PNG with 8 bits a channel, over white where it has opacity."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n", "no PNG"
    place, data, palette, clear = 8, b"", b"", b""
    while place < len(content):
        size, kind = struct.unpack(">I4s", content[place:place + 8])
        chunk = content[place + 8:place + 8 + size]
        if kind == b"IHDR":
            width, height, depth, color, _, _, interlace = struct.unpack(">IIBBBBB", chunk)
        elif kind == b"IDAT":
            data += chunk
        elif kind == b"PLTE":
            palette = chunk
        elif kind == b"tRNS":
            clear = chunk
        place += 12 + size
    assert depth == 8 and not interlace, f"a PNG of depth {depth}"
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    data, stride = zlib.decompress(data), width * channels
    above, rows = bytearray(stride), []
    for y in range(height):
        kind, row = data[y * (stride + 1)], bytearray(data[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride if kind else 0):
            left, corner = (row[i - channels], above[i - channels]) if i >= channels else (0, 0)
            up = above[i]
            if kind == 4:
                estimate = left + up - corner
                near = min((abs(estimate - one), order, one) for order, one in enumerate((left, up, corner)))[2]
            else:
                near = (0, left, up, (left + up) // 2)[kind]
            row[i] = row[i] + near & 255
        rows.append(row)
        above = row
    if color == 2:
        return width, height, b"".join(rows)
    result = bytearray()
    for row in rows:
        for at in range(0, stride, channels):
            if color == 3:
                index = row[at]
                values, opacity = palette[3 * index:3 * index + 3], clear[index] if index < len(clear) else 255
            else:
                values = row[at:at + 3] if channels > 2 else bytes([row[at]]) * 3
                opacity = row[at + channels - 1] if channels in (2, 4) else 255
            result += values if opacity == 255 else bytes((value * opacity + 255 * (255 - opacity)) // 255 for value in values)
    return width, height, bytes(result)


def ppm(path):
    """Width, height and RGB of a binary PPM."""
    with open(path, "rb") as file:
        content = file.read()
    head = re.match(rb"P6\s(?:#[^\n]*\n)?(\d+)\s(\d+)\s255\s", content)
    return int(head[1]), int(head[2]), content[head.end():]


def drawn(path, page, size):
    """The pixels of a picture, as the program that is at home in its format draws it."""
    base, kind = os.path.splitext(path)
    if kind == ".png":
        with open(path, "rb") as file:
            return png(file.read())
    if kind == ".svg":
        width, height = (96 * length / DPI for length in size)
        page.size(round(width + 1), round(height + 1), ratio=DPI / 96)
        page.open(path)
        page.run("document.fonts.ready.then(() => 1)")
        page.rest()
        return png(page.picture(clip=[0, 0, width, height]))
    if kind == ".pdf":
        call("pdftoppm", "-r", str(DPI), "-singlefile", path, base + ".pdf")
        return ppm(base + ".pdf.ppm")
    call("gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-dEPSCrop", "-sDEVICE=ppmraw", f"-r{DPI}", "-dTextAlphaBits=4",
         "-dGraphicsAlphaBits=4", f"-sOutputFile={base}.eps.ppm", path)
    return ppm(base + ".eps.ppm")


def difference(one, two):
    """The mean |difference| of two pictures, the largest difference of a block's means, and where. Half a pixel of size is nothing."""
    width, height = min(one[0], two[0]), min(one[1], two[1])
    if abs(one[0] - two[0]) > 1 or abs(one[1] - two[1]) > 1:
        sys.exit(f"one picture has {one[0]} × {one[1]} pixels, the other {two[0]} × {two[1]}")
    total, blocks = 0, {}
    for y in range(height):
        a, b = (picture[2][3 * y * picture[0]:3 * (y * picture[0] + width)] for picture in (one, two))
        if a == b:
            continue
        total += sum(map(abs, map(operator.sub, a, b)))
        for x in range(0, width, BLOCK):
            part, place = slice(3 * x, 3 * (x + BLOCK)), (x, y // BLOCK * BLOCK)
            blocks[place] = blocks.get(place, 0) + sum(a[part]) - sum(b[part])
    place = max(blocks, key=lambda one: abs(blocks[one]), default=(0, 0))
    return total / (3 * width * height), abs(blocks.get(place, 0)) / (3 * BLOCK * BLOCK), place


def is_alike(kind, found):
    return found[0] <= MEAN[kind] and found[1] <= WORST[kind]


def words_of(path):
    """A vector picture's text, with single spaces."""
    if path.endswith(".svg"):
        texts = xml.etree.ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
        text = "\n".join("".join(one.itertext()) for one in texts)
    else:
        text = call("pdftotext", "-layout", path, "-")
    return re.sub(r"\s+", " ", text)


def missing(path, wanted):
    text = words_of(path)
    return [word for word in wanted if word not in text]


def fonts_are_embedded(path):
    rows = call("pdffonts", path).splitlines()[2:]
    return bool(rows) and all("TrueType" in row and re.search(r"yes +yes +yes", row) for row in rows)


# What is spoiled in the map's SVG: its name and how. Each must be seen.
FAULTS = [
    ("words two pixels off", lambda text: re.sub(r"(<text)", r'\1 dx="2"', text)),
    ("a label that is missing", lambda text: re.sub(r"<text[^>]*>(?:<[^>]*>)*β.*?</text>", "", text, count=1)),
    ("another label", lambda text: text.replace(">β<", ">W<")),
    ("lines that are missing", lambda text: re.sub(r'<path[^>]*stroke="[^"]*"[^>]*/>', "", text)),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--landscape", default=os.path.join(ROOT, ".build", "release", "landscape"))
    parser.add_argument("--keep", help="a folder for the pictures")
    parser.add_argument("--measure", action="store_true", help="print every difference")
    options = parser.parse_args()
    folder = tempfile.mkdtemp()
    failures = []
    try:
        make(os.path.abspath(options.landscape), folder)
        with Page() as page:
            for name, _, _, wanted in PICTURES:
                base = os.path.join(folder, name)
                ours = drawn(base + ".png", page, None)
                for kind in ("svg", "pdf", "eps"):
                    found = difference(ours, drawn(f"{base}.{kind}", page, ours[:2]))
                    if options.measure:
                        print(f"{name}.{kind}: mean {found[0]:.3f}, worst block {found[1]:.1f} at {found[2]}")
                    if not is_alike(kind, found):
                        failures.append(f"{name}.{kind} differs from its PNG: mean {found[0]:.2f}, {found[1]:.1f} at {found[2]}")
                for kind in ("svg", "pdf"):
                    for word in missing(f"{base}.{kind}", wanted):
                        failures.append(f"{name}.{kind} has no text '{word}'")
                if not fonts_are_embedded(base + ".pdf"):
                    failures.append(f"{name}.pdf: fonts are not all embedded TrueType with a map to Unicode")
            size = os.path.getsize(os.path.join(folder, "map.pdf"))
            if size > LARGEST_PDF:
                failures.append(f"map.pdf has {size} bytes, expected at most {LARGEST_PDF}")
            failures += unseen(folder, page, options.measure)
        if options.keep:
            shutil.copytree(folder, options.keep, dirs_exist_ok=True)
    finally:
        shutil.rmtree(folder)
    if failures:
        sys.exit("\n".join(failures))
    print(f"{len(PICTURES)} pictures agree in 4 formats; map.pdf has {size} bytes; {len(FAULTS) + 1} faults were seen")


def unseen(folder, page, is_measured):
    """The faults of the map that neither the comparison nor the words show."""
    base = os.path.join(folder, "map")
    ours = drawn(base + ".png", page, None)
    with open(base + ".svg", encoding="utf-8") as file:
        text = file.read()
    result = []
    for name, fault in FAULTS:
        spoiled = fault(text)
        if spoiled == text:
            result.append(f"the fault '{name}' changes nothing: adapt it")
            continue
        path = os.path.join(folder, "fault.svg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(spoiled)
        found = difference(ours, drawn(path, page, ours[:2]))
        if is_measured:
            print(f"fault '{name}': mean {found[0]:.3f}, worst block {found[1]:.1f} at {found[2]}")
        if is_alike("svg", found) and not missing(path, PICTURES[0][3]):
            result.append(f"{name}: not seen in map.svg")
    if not missing(base + ".pdf", ["ζ"]):
        result.append("a word that is not there is found in map.pdf")
    return result


if __name__ == "__main__":
    main()
