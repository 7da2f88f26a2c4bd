#!/usr/bin/env bash
# Two hosts on one machine: network namespaces that are joined by a pair of interfaces, with names of their own, so that Open MPI goes over
# TCP. Compares a gradient, a slice and a training on three ranks with one process, then cuts the link, after which all ranks have to end within 10 seconds.
#
#     sudo Tests/mpi/two_hosts.sh LANDSCAPE
#
# Needs root, iproute2 and Open MPI (openmpi-bin).
set -euo pipefail
landscape=$(realpath "$1")
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 LANDSCAPE_KEEP_SECONDS=1
one=ls$$a two=ls$$b
folder=$(mktemp -d)

finish() {
    for name in "$one" "$two"; do
        # Only what was started in there.
        for process in $(ip netns pids "$name" 2>/dev/null); do kill -KILL "$process" 2>/dev/null || true; done
        ip netns del "$name" 2>/dev/null || true
    done
    rm -rf "$folder"
}
trap finish EXIT

ip netns add "$one"
ip netns add "$two"
ip link add pair netns "$one" type veth peer name pair netns "$two"
for place in "$one:1" "$two:2"; do
    ip -n "${place%:*}" link set lo up
    ip -n "${place%:*}" addr add "10.77.0.${place#*:}/24" dev pair
    ip -n "${place%:*}" link set pair up
done

# In place of ssh: agent [OPTIONS] HOST COMMAND…
cat > "$folder/agent" <<AGENT
#!/bin/sh
while case \$1 in -*) true ;; *) false ;; esac; do shift; done
host=\$1; shift
case \$host in 10.77.0.1) name=$one ;; *) name=$two ;; esac
exec ip netns exec \$name unshare --uts sh -c "hostname \$name; \$*"
AGENT
chmod +x "$folder/agent"

launch() {
    ip netns exec "$one" unshare --uts sh -c "hostname $one; exec \"\$@\"" sh timeout -k 5 120 mpirun.openmpi \
        --mca plm_rsh_agent "$folder/agent" --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 \
        --mca oob_tcp_if_include 10.77.0.0/24 --oversubscribe --bind-to none -H 10.77.0.1:2,10.77.0.2:1 -n 3 "$landscape" "$@"
}

cd "$folder"
"$landscape" train --model lenet --data digits --epochs 1 --examples 600 --quiet -o conv.bin >/dev/null
launch info --mpi | tee info
[[ $(grep -c '^host' info) == 2 ]] || { echo "the ranks are not on two hosts" >&2; exit 1; }

same() {
    local result=$1; shift
    "$landscape" "$@" --quiet >/dev/null
    mv "$result" expected
    launch "$@" --quiet >/dev/null
    cmp "$result" expected
    echo "the same bits on two hosts: $*"
}
same g.npy gradient conv.bin --save g.npy
same s.npz slice conv.bin --points 15x15 -o s.npz
same t.bin train --model lenet --data digits --epochs 3 --batch-size 720 -o t.bin

# The link goes down. The launcher may wait for ever for the other host; the ranks may not.
launch slice conv.bin --points 201x201 --quiet -o cut.npz >/dev/null 2>cut.err &
job=$!
sleep 6
ranks() {
    local name process program
    program=$(basename "$landscape")
    for name in "$one" "$two"; do
        for process in $(ip netns pids "$name"); do
            [[ $(cat "/proc/$process/comm" 2>/dev/null) == "${program:0:15}" ]] && echo "$process"
        done
    done
    true
}
[[ $(ranks | wc -l) == 3 ]] || { echo "three ranks should be at work" >&2; cat cut.err >&2; exit 1; }
ip -n "$one" link set pair down
for ((tenths = 0; tenths < 100; tenths++)); do
    [[ -z $(ranks) ]] && break
    sleep 0.1
done
[[ -z $(ranks) ]] || { echo "ranks were still at work 10 s after the link went down" >&2; cat cut.err >&2; exit 1; }
grep -q 'no sign of life.*--resume' cut.err || { echo "expected the rank that is lost and the way to resume:" >&2; cat cut.err >&2; exit 1; }
echo "all ranks ended $((tenths / 10)).$((tenths % 10)) s after the link went down: $(grep -h 'sign of life' cut.err)"
{ kill -KILL "$job" && wait "$job"; } 2>/dev/null || true
