#!/usr/bin/env bash
# Runs every command of two builds on the quickstart's networks and compares all that they print and write, byte by byte:
# what a rebuilding must not change. The only difference allowed is the time that a result states ("seconds").
#
#     Tests/compare-results.sh OLD NEW [FOLDER]        OLD and NEW are programs; FOLDER (default: a temporary one) keeps the results
set -uo pipefail

(($# >= 2)) || { echo "expected two programs: Tests/compare-results.sh OLD NEW [FOLDER]" >&2; exit 2; }
old=$(realpath "$1")
new=$(realpath "$2")
folder=${3:-$(mktemp -d)}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# results PROGRAM FOLDER: every command, each result under a number and the command's name.
results() (
    program=$1
    rm -rf "$2"
    mkdir -p "$2"
    cd "$2" || exit 1
    number=0
    run() {
        number=$((number + 1))
        local name
        name=$(printf '%02d-%s' "$number" "$1")
        "$program" "$@" >"$name.out" 2>"$name.err"
        echo "exit code $?" >>"$name.err"
    }
    for optimizer in sgd sam; do
        run train --model mlp:64-64-32-10 --data digits --optimizer "$optimizer" --epochs 20 --save-every 5 \
            -o "$optimizer.bin" --json
    done
    mkdir runs
    mv sgd.epoch*.bin sam.epoch*.bin runs
    rm runs/sam.*
    cp sgd.bin runs
    run train --model mlp:64-16-10 --data digits --optimizer adam --epochs 3 --track-sharpness 1 -o tracked.bin --json
    run train --model resnet8 --data digits --epochs 1 --examples 200 --norm batch -o conv.bin --json
    run train --model resnet8 --data digits --epochs 1 --examples 200 --norm batch --seed 1 -o conv2.bin --json
    for split in train test; do run evaluate sgd.bin --split "$split" --json; done
    run evaluate sgd.bin
    run evaluate sam.bin --include-weight-decay --json
    run evaluate conv.bin --batchnorm recalibrate --json
    run evaluate conv.bin --batchnorm batch --examples 100 --json
    run info sgd.bin
    run info sgd.bin --json
    run info tracked.bin --key metadata.history.0.measures.lambda_max
    run gradient sgd.bin --save g.npy --json
    run gradient sgd.bin --precision double -o g.json -o g.csv -o g.npz
    run slice sgd.bin -o a.png -o a.json -o a.npz -o a.csv -o a.svg -o a.pdf
    run slice sgd.bin --dims 2 --points 21 -o b.png -o b.json -o b.npz -o b.csv -o b.vti -o b.vtr
    run slice sgd.bin --dims 2 --points 31 --adaptive 0.02 -o c.png -o c.json -o c.npz
    run slice sgd.bin --points 31 --adaptive 0.02 --both-splits --metric accuracy --json -o c1.png
    run slice sgd.bin --planes 3 --points 21 --json -o d.png
    run slice sgd.bin --dims 2 --planes 2 --points 11 --normalization layer --include-1d --json -o d2.png
    run slice sgd.bin --both-splits --normalization weight --precision double --log --json -o e.png
    run slice sgd.bin --directions eigen --dims 2 --points 11 --json -o f.png
    run slice sgd.bin --directions gradient --dims 2 --points 11 --no-orthogonalize --json -o f2.png
    run slice sgd.bin --directions pca:runs --dims 2 --points 11 --json -o g.png
    run slice sgd.bin --directions to:sam.bin --x-range -0.5:1.5 --json -o h.png
    run slice sgd.bin --directions file:g.npy --json -o i.png
    run slice conv.bin --batchnorm recalibrate --points 11 --examples 100 --json -o k.png
    for shard in 1 2 3; do run slice sgd.bin --dims 2 --points 11 --shard "$shard/3" -o "part$shard.npz"; done
    run merge part1.npz part2.npz part3.npz -o merged.npz -o merged.png --json
    run plot b.npz --colors magma --contours 0.5,1,2 --log -o p1.png
    run plot b.npz --3d -o p2.png -o p2.svg
    run trajectory runs --points 11 --json -o l.png
    run trajectory runs --points 15x11 --adaptive 0.05 --log --json -o l2.png
    run interpolate sgd.bin sam.bin --points 11 --json -o m.png
    run interpolate sgd.bin sam.bin --points 11 --curve bezier --steps 60 --json -o n.png
    run interpolate conv.bin conv2.bin --points 5 --examples 100 --json -o n2.png
    run interpolate conv.bin conv2.bin --points 5 --examples 100 --curve bezier --steps 10 --json -o n3.png
    run interpolate sgd.bin sam.bin tracked.bin --points 7
    run interpolate sgd.bin sam.bin runs/sgd.epoch005.bin --points 11 --json -o o.png
    run compare sgd.bin sam.bin --points 11 --json -o q.png
    run compare sgd.bin sam.bin --dims 2 --points 11 --adaptive 0.1 --json -o r.png -o r.npz -o r.csv
    run report sgd.bin sam.bin -o pages --points 15 --json
    run sharpness sgd.bin --rho 0.01,0.05 --measure all --json -o s.png -o s.npz -o s.csv
    run sharpness sgd.bin --norm linf --rho 0.001 --adaptive --json -o s2.png
    run sharpness sgd.bin --m 500 --json -o t.png
    run sharpness sgd.bin --scout 400 --save-epsilon eps.npy --normalize-logits --json -o u.png
    run sharpness conv.bin --examples 100 --batchnorm recalibrate --restarts 1 --steps 5 --json -o u2.png
    run hessian sgd.bin --top 5 --bottom 2 --trace --frobenius --density --save-vectors v.npy --json -o w.png -o w.npz -o w.csv
    run hessian sgd.bin --method power --top 2 --json -o x.png
    for kind in ggn fisher empirical-fisher; do run hessian sgd.bin --operator "$kind" --top 3 --json -o "x.$kind.png"; done
    run hessian sgd.bin --top 0 --layers --probes 12 --json -o y.png
    run hessian sgd.bin --top 0 --along g.npy --save-product hg.npy --json
    run hessian sgd.bin --top 3 --include-weight-decay --precision double
    run export sgd.bin -o weights.safetensors --json
    run export sgd.bin -o weights.npz
    run import weights.safetensors --model mlp:64-64-32-10 --data digits -o imported.bin --json
    run import weights.npz --model mlp:64-64-32-10 --data digits -o imported2.bin
    run train --start imported.bin --epochs 1 -o continued.bin --json
    run study runs --rho 0.05 --probes 6 --samples 2 --json -o z.png -o z.csv
    run selftest --json
    run slice missing.bin
    run slice sgd.bin --directions nowhere
    run hessian sgd.bin --top 99999
    run sharpness sgd.bin --memory 1M
)

results "$old" "$folder/old" &
results "$new" "$folder/new" &
wait
python3 "$root/Tests/compare_results.py" "$folder/old" "$folder/new"
