#!/usr/bin/env bash
# Builds the Python wheel, twice, and tries it in a fresh virtual environment: the same bytes, its size, the systems that it says
# it runs on, the program by both its names, a short analysis, and that nothing is left when it is uninstalled.
#
#     Tests/python/wheel.sh [--program FILE]          FILE: a program of examples/standalone.sh (default: build one)
#
# numpy, and auditwheel for the test itself, come from PyPI.
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/common.sh" "$@"

"$root/Sources/Python/build.sh" "$folder/first" --program "$program"
"$root/Sources/Python/build.sh" "$folder/second" --program "$program" >/dev/null
wheel=$(echo "$folder"/first/*.whl)
cmp "$wheel" "$folder/second/${wheel##*/}"
size=$(stat -c %s "$wheel")
((size < 25000000)) || fail "$wheel: $size bytes, expected less than 25 MB"

# auditwheel finds by itself which systems the program runs on.
python3 -m venv "$folder/audit"
"$folder/audit/bin/pip" install --quiet auditwheel
tag=$(grep -oE 'manylinux_[0-9]+_[0-9]+_[a-z0-9_]+' <<<"${wheel##*/}")
"$folder/audit/bin/auditwheel" show "$wheel" | tr '\n' ' ' | grep -qF "platform tag: \"$tag\"" ||
    fail "auditwheel does not say $tag: $("$folder/audit/bin/auditwheel" show "$wheel")"

# As a user installs it: nothing but numpy beside it, and no variable of the environment that would help.
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --only-binary :all: "$wheel"
installed=$("$folder/venv/bin/pip" list --format freeze | grep -v -E '^(pip|setuptools)==' | sed 's/ @.*//;s/==.*//' | tr '\n' ' ')
[[ $installed == "landscape-sharpness numpy " ]] || fail "expected landscape-sharpness and numpy alone, installed: $installed"
as_user() (cd "$folder/venv" && env -i HOME="$folder" PATH="$folder/venv/bin:/usr/bin:/bin" "$@")
version=$("$program" --version)
[[ $(as_user landscape --version) == "$version" ]] || fail "landscape --version: expected $version"
[[ $(as_user python -m landscape_sharpness --version) == "$version" ]] || fail "python -m landscape_sharpness --version: expected $version"
as_user python -c 'import landscape_sharpness, numpy'
as_user landscape train --model mlp:64-16-10 --data digits --epochs 2 -o ckpt.bin --quiet >/dev/null
largest=$(as_user python -m landscape_sharpness hessian ckpt.bin --top 1 --key eigenvalues.0 --quiet)
[[ $largest =~ ^[0-9.]+$ ]] || fail "the largest eigenvalue: expected a positive number, found '$largest'"
[[ $(cd "$folder/venv" && "$program" hessian ckpt.bin --top 1 --key eigenvalues.0 --quiet) == "$largest" ]] || fail "another λmax than $program's"

licences=$(find "$folder/venv" -path '*landscape_sharpness-*.dist-info/licenses/LICENSES')
[[ -n $licences ]] || fail "no licences are installed"
for name in OpenBLAS libpng zlib ICU "Runtime Library Exception" "GCC RUNTIME LIBRARY EXCEPTION" TOMLKit swift-argument-parser; do
    grep -qi "$name" "$licences" || fail "$licences: does not name $name"
done

"$folder/venv/bin/pip" uninstall --quiet --yes landscape-sharpness
left=$(find "$folder/venv" \( -name 'landscape' -o -name 'landscape_sharpness*' \) -not -name '*.bin')
[[ -z $left ]] || fail "left behind by pip uninstall: $left"
echo "${wheel##*/}: $((size / 1000000)) MB, the same bytes twice, installed, used and uninstalled; λmax $largest"
