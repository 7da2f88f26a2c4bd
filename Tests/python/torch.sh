#!/usr/bin/env bash
# Tries the Python wheel with PyTorch in a fresh virtual environment: the numbers of many kinds of modules against torch's in
# Float64, the tracker and the optimisers, and the notebook.
#
#     Tests/python/torch.sh [--program FILE [VENV]]   FILE: a program of examples/standalone.sh (default: build one)
#                                                     VENV: an environment to install into (default: a new one)
#
# Everything comes from PyPI, about 5 GB; torch's own CPU wheels are not there.
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/common.sh" "$@"

"$root/Sources/Python/build.sh" "$folder/dist" --program "$program"
venv=${3:-$folder/venv}
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --no-cache-dir "$(echo "$folder"/dist/*.whl)[torch,plot]" torchvision nbclient nbformat ipykernel
# The installed package, and not the one in the sources.
cp -r "$root/Tests/python" "$folder/tests"
cd "$folder/tests"
export PATH="$venv/bin:$PATH"
unset LANDSCAPE PYTHONPATH
python -W ignore -m unittest --verbose
python "$root/Sources/Python/generate.py" --check --landscape "$program"
python notebook.py "$root/examples/notebook.ipynb"
