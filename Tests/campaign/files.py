"""Whether files are whole, and whether two runs left the same."""

import ast
import hashlib
import json
import math
import os
import re
import struct
import zipfile
import zlib

from bench import Fault


def read_checkpoint(path):
    """Header and numbers of a checkpoint, whose digests are verified."""
    with open(path, "rb") as file:
        data = file.read()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    numbers = data[8 + size :]
    metadata = header.pop("__metadata__")
    if max(entry["data_offsets"][1] for entry in header.values()) != len(numbers):
        raise ValueError("numbers are missing")
    if metadata["sha256"] != hashlib.sha256(numbers).hexdigest():
        raise ValueError("the digest of its numbers is another")
    if metadata["header_sha256"] != header_digest(header, metadata):
        raise ValueError("the digest of its header is another")
    return metadata, header, numbers


def header_digest(entries, metadata):
    """As Checkpoint.headerDigest has it."""
    ordered = sorted(entries.items(), key=lambda entry: entry[1]["data_offsets"])
    lines = [f"{name}\0{entry['dtype']}\0{entry['shape']}" for name, entry in ordered]
    lines += [f"{key}\0{value}" for key, value in sorted(metadata.items()) if key != "header_sha256"]
    return hashlib.sha256("\0\0".join(lines).encode()).hexdigest()


def write_checkpoint(path, metadata, entries, numbers):
    """Writes a checkpoint whose digests are right."""
    metadata = dict(metadata)
    if "sha256" in metadata:
        metadata["sha256"] = hashlib.sha256(numbers).hexdigest()
    if "header_sha256" in metadata:
        metadata["header_sha256"] = header_digest(entries, metadata)
    header = json.dumps({"__metadata__": metadata, **entries}, ensure_ascii=False).encode("utf8", "surrogatepass")
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header + numbers)


def check_picture(path):
    """Every chunk of a PNG and its checksum, to the last."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no PNG")
    place, kind = 8, b""
    while kind != b"IEND":
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 4 : place + 8 + size]
        if zlib.crc32(body) != struct.unpack(">I", data[place + 8 + size : place + 12 + size])[0]:
            raise ValueError("a wrong checksum")
        place += 12 + size
    if place != len(data):
        raise ValueError("more follows its end")


def array(data):
    """Type, shape and bytes of an .npy file."""
    if data[:6] != b"\x93NUMPY":
        raise ValueError("no NPY")
    wide = data[6] > 1
    (size,) = struct.unpack("<I" if wide else "<H", data[8 : 12 if wide else 10])
    begin = (12 if wide else 10) + size
    header = ast.literal_eval(data[begin - size : begin].decode("latin1"))
    kind, shape = header["descr"], tuple(header["shape"])
    width = int(kind[2:]) * (4 if kind[1] == "U" else 1)
    if len(data) - begin != width * math.prod(shape):
        raise ValueError(f"{len(data) - begin} bytes for {kind} of shape {shape}")
    return kind, shape, data[begin:]


def arrays(path):
    """The arrays of an .npz file by name; a wrong checksum raises."""
    with zipfile.ZipFile(path) as file:
        return {name.removesuffix(".npy"): array(file.read(name)) for name in file.namelist()}


def check_whole(path):
    """Raises for a file that is not whole, by its ending."""
    ending = os.path.splitext(path)[1]
    try:
        if ending == ".bin":
            read_checkpoint(path)
        elif ending == ".npz":
            arrays(path)
        elif ending == ".npy":
            array(read_bytes(path))
        elif ending == ".json":
            json.loads(text(path))
        elif ending == ".png":
            check_picture(path)
        elif ending == ".html":
            if not text(path).rstrip().endswith("</html>"):
                raise ValueError("its end is missing")
        elif ending == ".csv":
            if not text(path).endswith("\n"):
                raise ValueError("its end is missing")
        else:
            raise ValueError("nobody asked for it")
    except Exception as error:
        raise Fault(f"half-written: {os.path.basename(path)}: {type(error).__name__}: {error}") from None


def text(path):
    with open(path, encoding="utf8") as file:
        return file.read()


def content(path):
    """What a file says, without how long the run took."""
    ending = os.path.splitext(path)[1]
    if ending == ".json":
        return without_seconds(json.loads(text(path)))
    if ending == ".npz":
        found = {}
        for name, (kind, shape, data) in arrays(path).items():
            found[name] = without_seconds(json.loads(data.decode("utf-32-le"))) if name == "metadata" else (kind, shape, data)
        return found
    if ending == ".html":
        return re.sub(r" --threads \d+", "", text(path))
    with open(path, "rb") as file:
        return file.read()


def without_seconds(value):
    if isinstance(value, dict):
        return {key: without_seconds(inner) for key, inner in value.items() if key not in ("seconds", "command_line")}
    if isinstance(value, list):
        return [without_seconds(inner) for inner in value]
    return value


LEFTOVER = re.compile(r"\.landscape-[0-9a-z]+\.tmp$")


def names(folder):
    """Paths of all files below a folder, without its folder of temporary files."""
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != ".temporary"]
        found += [os.path.relpath(os.path.join(place, name), folder) for name in files]
    return sorted(found)


def temporary(folder):
    """What lies in the folder of temporary files."""
    place = os.path.join(folder, ".temporary")
    return sorted(os.listdir(place)) if os.path.isdir(place) else []


def unfinished(folder):
    return [name for name in names(folder) if name.endswith(".unfinished")]


def check_folder(folder, may_be_left):
    """Every file there is whole; leftovers are there only where they may be."""
    for name in names(folder):
        if LEFTOVER.search(name) or name.endswith(".unfinished"):
            if not may_be_left:
                raise Fault(f"left over: {name}")
        else:
            check_whole(os.path.join(folder, name))
    if temporary(folder):
        raise Fault(f"left over in the folder of temporary files: {temporary(folder)}")


def check_same(folder, reference, ignoring=()):
    """Both folders hold files of the same names, and they say the same."""
    found, expected = (set(names(place)) - set(ignoring) for place in (folder, reference))
    if found != expected:
        raise Fault(f"files differ: missing {sorted(expected - found)}, more {sorted(found - expected)}")
    for name in sorted(found):
        if content(os.path.join(folder, name)) != content(os.path.join(reference, name)):
            raise Fault(f"{name} differs from that of the undisturbed run")


def check_former_or_new(folder, former, reference):
    """Each file that was there before is as it was, or as the undisturbed run has it."""
    for name, bytes_ in former.items():
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            raise Fault(f"{name} was there before the run and is gone")
        with open(path, "rb") as file:
            if file.read() == bytes_:
                continue
        if os.path.exists(os.path.join(reference, name)) and content(path) == content(os.path.join(reference, name)):
            continue
        raise Fault(f"{name} is neither the former file nor the new one")


def all_bytes(folder):
    return {name: read_bytes(os.path.join(folder, name)) for name in names(folder)}


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()
