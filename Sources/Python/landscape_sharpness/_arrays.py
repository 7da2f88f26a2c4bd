"""Arrays of any origin as NumPy's, and files of them."""
from __future__ import annotations

import json
import os
import shutil
import struct
from typing import Any, Mapping, Optional

import numpy as np

_NAMES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8",
    "uint8": "U8", "bool": "BOOL",
}


def is_tensor(value: Any) -> bool:
    """Whether it is a torch tensor, found out without importing torch."""
    return type(value).__module__.split(".")[0] == "torch" and hasattr(value, "detach")


def is_array(value: Any) -> bool:
    """Whether it is an array: torch's, NumPy's, or one that gives itself as NumPy's (JAX, TensorFlow)."""
    return isinstance(value, np.ndarray) or is_tensor(value) or (hasattr(value, "__array__") and hasattr(value, "shape"))


def array(value: Any) -> np.ndarray:
    """The array as NumPy's, on the host; bfloat16 as float32, which holds it exactly."""
    if is_tensor(value):
        value = value.detach().cpu()
        if value.dtype.is_floating_point and value.dtype.itemsize < 4:
            value = value.float()
        value = value.resolve_conj().resolve_neg().numpy()
    value = np.asarray(value)
    if value.dtype.name == "bfloat16":
        value = value.astype(np.float32)
    return value


def write_safetensors(path: str, tensors: Mapping[str, Any], metadata: Optional[Mapping[str, str]] = None):
    """Arrays by name in a .safetensors file: a header in JSON, then their bytes. Under a temporary name until it is whole."""
    arrays = {name: np.asarray(array(value), order="C") for name, value in tensors.items()}
    header, end = {"__metadata__": dict(metadata)} if metadata else {}, 0
    for name, value in arrays.items():
        start, end = end, end + value.nbytes
        header[name] = {"dtype": _NAMES[value.dtype.name], "shape": list(value.shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    temporary = f"{path}.{os.getpid()}.part"
    try:
        with open(temporary, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for value in arrays.values():
                file.write(value.reshape(-1).view(np.uint8))
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def copy_file(source: str, target: str):
    """Copies a file, under a temporary name until it is whole."""
    temporary = f"{target}.{os.getpid()}.part"
    shutil.copyfile(source, temporary)
    os.replace(temporary, target)


def mark(path: str) -> Any:
    """What changes when a file is written anew."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_metadata(path: str) -> dict[str, str]:
    """The metadata of a .safetensors file."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(length)).get("__metadata__", {})


def write_npz(path: str, arrays: Mapping[str, np.ndarray]):
    """Arrays by name in an .npz file, as numpy.savez writes it; a name may be any, such as "file"."""
    import zipfile

    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, value in arrays.items():
            with archive.open(name + ".npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(value, order="C"), allow_pickle=False)
