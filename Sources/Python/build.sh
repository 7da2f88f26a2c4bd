#!/usr/bin/env bash
# Builds the Python wheel, with the program in it.
#
#     Sources/Python/build.sh FOLDER [--program FILE]
#
# FOLDER gets the wheel. FILE is a program that examples/standalone.sh built before; without it, that script runs first.
set -euo pipefail

(($# > 0)) || { echo "expected a folder for the wheel: Sources/Python/build.sh FOLDER [--program FILE]" >&2; exit 2; }
python3 -c 'import tomllib' 2>/dev/null || python3 -c 'import tomli' 2>/dev/null ||
    { echo "$(python3 --version): expected Python 3.11 or later, or the package tomli" >&2; exit 1; }
exec python3 "$(dirname "${BASH_SOURCE[0]}")/build_wheel.py" "$@"
