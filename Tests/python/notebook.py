"""Executes a notebook and checks that it draws: python notebook.py NOTEBOOK [-o EXECUTED]"""
import argparse
import tempfile

import nbformat
from nbclient import NotebookClient

parser = argparse.ArgumentParser()
parser.add_argument("notebook")
parser.add_argument("-o", help="write it with what its cells gave")
arguments = parser.parse_args()
notebook = nbformat.read(arguments.notebook, as_version=4)
with tempfile.TemporaryDirectory() as folder:
    # A cell that fails raises an error here.
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
pictures = [
    output for output in outputs
    if "image/png" in output.get("data", {}) or "<svg" in "".join(output.get("data", {}).get("text/html", ""))]
errors = [output["text"] for output in outputs if output.get("name") == "stderr"]
assert len(pictures) >= 2, f"found {len(pictures)} pictures, expected at least 2"
assert not errors, f"cells wrote on standard error: {errors[:3]}"
if arguments.o:
    nbformat.write(notebook, arguments.o)
print(f"{len(notebook.cells)} cells, {len(pictures)} pictures")
