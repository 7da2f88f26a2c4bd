#!/usr/bin/env bash
# Trains one network on the embedded digits with SGD and with SAM, and measures both: loss slices, sharpness in a ball and
# Hessian spectra, as pictures and as JSON. Installs missing system packages and builds first. Safe to run again.
#
#     examples/quickstart.sh [FOLDER]        (default: ./quickstart)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-quickstart}
model=mlp:64-64-32-10
epochs=50

source "$root/examples/install-packages.sh"
install_packages
swift build --package-path "$root" -c release --product landscape
landscape=$(swift build --package-path "$root" -c release --show-bin-path)/landscape

mkdir -p "$folder"
started=$SECONDS
run() {
    echo "+ landscape $*"
    "$landscape" "$@" --quiet >/dev/null
}
# measure NAME KEYS ARGUMENTS: runs a command and keeps the values of these keys of its result, separated by commas.
declare -A value
measure() {
    local name=$optimizer.$1 keys key text numbers i=0
    IFS=, read -ra keys <<<"$2"
    shift 2
    echo "+ landscape $*"
    text=$("$landscape" "$@" --quiet "${keys[@]/#/--key=}")
    mapfile -t numbers <<<"$text"
    for key in "${keys[@]}"; do
        value[$name.$key]=${numbers[i]}
        i=$((i + 1))
    done
}

for optimizer in sgd sam; do
    name=$folder/$optimizer
    run train --model "$model" --data digits --optimizer "$optimizer" --epochs "$epochs" -o "$name.bin"
    measure train loss,accuracy,weight_norm evaluate "$name.bin" -o "$name.train.json"
    measure test loss,accuracy evaluate "$name.bin" --split test -o "$name.test.json"
    run slice "$name.bin" -o "$name.slice-1d.png" -o "$name.slice-1d.json"
    run slice "$name.bin" --dims 2 --points 41 -o "$name.slice-2d.png" -o "$name.slice-2d.npz"
    measure sharpness worst_case.lower_bound,worst_case.one_step,average_case.value \
        sharpness "$name.bin" --rho 0.05 --measure all -o "$name.sharpness.png" -o "$name.sharpness.json"
    measure hessian eigenvalues.0,trace.value,trace.standard_error \
        hessian "$name.bin" --top 5 --trace -o "$name.hessian.png" -o "$name.hessian.json"
    run hessian "$name.bin" --top 5 --density -o "$name.density.png" -o "$name.density.json"
done

# row LABEL COMMAND KEY: a line of the table.
row() {
    LC_ALL=C printf '%-44s %12.5g %12.5g\n' "$1" "${value[sgd.$2.$3]}" "${value[sam.$2.$3]}"
}

echo
printf '%-44s %12s %12s\n' "$model on digits, $epochs epochs" SGD SAM
row "training loss" train loss
row "training accuracy" train accuracy
row "test loss" test loss
row "test accuracy" test accuracy
row "norm of the weights" train weight_norm
row "worst case, l2 ball of 0.05, lower bound" sharpness worst_case.lower_bound
row "one step of SAM, 0.05" sharpness worst_case.one_step
row "average case, deviation 0.05" sharpness average_case.value
row "largest eigenvalue of the Hessian" hessian eigenvalues.0
row "trace of the Hessian" hessian trace.value
row "  its standard error" hessian trace.standard_error
echo
echo "Sharpness rows are increases over the training loss. Pictures and data are in $folder ($((SECONDS - started)) s)."
