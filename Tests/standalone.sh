#!/usr/bin/env bash
# Checks a program of examples/standalone.sh beside the ordinary build: known answers are right, and all that both write is the
# same, byte for byte. They run without environment variables: nothing that is set for Swift helps the one, and none of OpenBLAS's
# moves the other.
#
#     Tests/standalone.sh STANDALONE ORDINARY          both are programs
#
# Tests/compare-results.sh compares every command of any two programs in the same way, and takes longer.
set -euo pipefail

(($# == 2)) || { echo "expected two programs: Tests/standalone.sh STANDALONE ORDINARY" >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
declare -A program=([standalone]=$(realpath "$1") [ordinary]=$(realpath "$2"))
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# results NAME: one program's, in the folder of its name.
results() (
    mkdir "$folder/$1"
    cd "$folder/$1"
    printf 'title = "Ümlaut, é and λ"\nwidth = "3.25in"\n' >good.toml
    printf 'width = [\n' >bad.toml
    printf 'width = 1979-05-27T07:32:00Z\n' >date.toml
    program=${program[$1]}
    # The ordinary program may need what finds Swift's libraries, and nothing else: OpenBLAS, for one, has variables of its own.
    alone=(-i)
    [[ $1 != ordinary || -z ${LD_LIBRARY_PATH:-} ]] || alone+=("LD_LIBRARY_PATH=$LD_LIBRARY_PATH")
    number=10
    run() {
        number=$((number + 1))
        env "${alone[@]}" SOURCE_DATE_EPOCH=0 "$program" "$@" >"$number-$1.out" 2>"$number-$1.err" || echo "exit code $?" >>"$number-$1.err"
    }
    run --version
    run train --model mlp:64-32-10 --data digits --epochs 5 -o a.bin --json
    run train --model resnet8 --data digits --epochs 1 --examples 200 --norm batch -o b.bin --json
    run slice a.bin --points 11x11 -o s.npz -o s.png -o s.svg -o s.pdf -o s.eps -o s.pgf -o s.csv -o s.vti --json
    for style in good bad date; do run slice a.bin --points 5 --style "$style.toml" -o "$style.png"; done
    run hessian b.bin --examples 100 --batchnorm recalibrate --top 2 --trace --probes 6 -o h.png -o h.npz --json
    run sharpness a.bin --rho 0.05 -o r.svg --json
    run report a.bin --points 9 -o page --json
    run info a.bin --json
    run slice missing.bin
)
for name in ordinary standalone; do results "$name"; done

cd "$folder"
expected='a.bin bad.toml good.png h.npz page/index.html s.npz s.pdf s.png s.svg'
for file in $expected; do [[ -s ordinary/$file ]] || { echo "the ordinary program wrote no $file" >&2; exit 1; }; done
if grep -l "exit code" ordinary/*.err | grep -v -E 'slice' >&2; then exit 1; fi
python3 "$root/Tests/compare_results.py" ordinary standalone
env -i "${program[standalone]}" selftest --quiet | tail -1
