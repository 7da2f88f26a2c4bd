#!/usr/bin/env bash
# Draws every kind of picture at three sizes: for a column, for a page, for a slide. Trains the networks first; a few minutes in all.
#
#     [LANDSCAPE=PROGRAM] docs/gallery/make.sh [FOLDER]        (default: this folder)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
landscape=$(realpath "${LANDSCAPE:-$root/.build/release/landscape}")
mkdir -p "${1:-$here}"
folder=$(cd "${1:-$here}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

column=(--width 3.25in --font-size 8 --dpi 80)
page=(--width 6.75in --font-size 9 --dpi 52)
slide=(--width 10in --height 5.6in --font-size 16 --theme dark --dpi 40)

run() {
    echo "+ landscape $*"
    "$landscape" "$@" --quiet >/dev/null
}

# sizes NAME FILE [OPTION …]: a saved result at each of the sizes.
sizes() {
    run plot "${@:2}" "${column[@]}" -o "$folder/$1.column.png"
    run plot "${@:2}" "${page[@]}" -o "$folder/$1.page.png"
    run plot "${@:2}" "${slide[@]}" -o "$folder/$1.slide.png"
}

# draw NAME COMMAND …: the result of a command, which also writes it.
draw() {
    run "${@:2}" -o "$1.npz"
    sizes "$1" "$1.npz"
}

training=(train --model mlp:64-32-10 --data digits --epochs 20)
mkdir run runs
run "${training[@]}" --save-every 1 -o run/sgd.bin
run "${training[@]}" --optimizer sam --rho 0.1 -o sam.bin
run "${training[@]}" --optimizer adam --seed 2 -o adam.bin
run train --model lenet --data digits --epochs 4 -o lenet.bin
for rate in 0.02 0.05 0.1 0.2; do
    run train --model mlp:64-16-10 --data digits --examples 300 --epochs 30 --lr "$rate" -o "runs/sgd$rate.bin"
    run train --model mlp:64-16-10 --data digits --examples 300 --epochs 30 --lr "$rate" --optimizer sam -o "runs/sam$rate.bin"
done
cp run/sgd.bin sgd.bin

run train --model mlp:64-32-10 --data digits --examples 500 --batch-size 500 --lr 0.1 --schedule constant --epochs 60 \
    --track-sharpness 1 -o training.bin
sizes training training.train.json

draw line slice sgd.bin
draw splits slice sgd.bin --both-splits
draw seeds slice sgd.bin --planes 5
draw map slice sgd.bin --dims 2 --points 41
sizes surface map.npz --3d
draw accuracy slice sgd.bin --dims 2 --points 21 --metric accuracy
draw seeds-map slice sgd.bin --dims 2 --points 21 --planes 3
draw splits-map slice sgd.bin --dims 2 --points 21 --both-splits
draw eigen slice sgd.bin --directions eigen --dims 1 --points 31 --adaptive 0.02
draw trajectory trajectory run --points 31
sizes trajectory-3d trajectory.npz --3d
draw interpolate interpolate sgd.bin sam.bin
draw three interpolate sgd.bin sam.bin adam.bin
draw compare compare sgd.bin sam.bin adam.bin --points 31
draw compare-panels compare sgd.bin sam.bin adam.bin --points 31 --panels
draw compare-maps compare sgd.bin sam.bin adam.bin --points 21x21
draw eigenvalues hessian sgd.bin --top 5 --bottom 2
draw density hessian sgd.bin --top 5 --density
draw layers hessian lenet.bin --layers
draw rho sharpness sgd.bin --rho 0.01,0.02,0.05,0.1,0.2 --measure all
draw climbs sharpness sgd.bin --rho 0.05
draw steps hessian run --top 2
# Eleven panels on a slide need smaller letters.
slide=("${slide[@]/#16/7}")
draw study study runs --examples 300 --probes 10 --samples 5
