#!/usr/bin/env bash
# Tries the wheel in a root folder that holds a minimal Debian with Python and nothing else: neither Swift nor OpenBLAS. Needs
# root's rights, and debootstrap, which it installs.
#
#     Tests/python/bare_root.sh [--program FILE] [--suite NAME]
#
# --program FILE   a program of examples/standalone.sh (default: build one)
# --suite NAME     the release of Debian or Ubuntu (default: this system's); its packages come from where apt has its own
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
fail() {
    echo "$*" >&2
    exit 1
}
while (($#)); do
    case $1 in
        --program) program=$(realpath "${2:?expected a program behind --program}") ;;
        --suite) suite=${2:?expected a release behind --suite} ;;
        *) fail "$1: expected --program FILE or --suite NAME" ;;
    esac
    shift 2
done
((EUID == 0)) || fail "a root folder of its own needs root's rights: sudo Tests/python/bare_root.sh"

source "$root/examples/install-packages.sh"
command -v debootstrap >/dev/null || install_with_apt debootstrap
python3 -c 'import ensurepip' 2>/dev/null || install_with_apt python3 python3-venv
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [[ -z $program ]]; then
    "$root/examples/standalone.sh" "$folder/standalone"
    program=$folder/standalone/landscape
fi
"$root/Sources/Python/build.sh" "$folder/wheels" --program "$program"

# The mirror that this system's own packages come from.
mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v suite="$(. /etc/os-release && echo "$VERSION_CODENAME")" '$1 == suite && $2 == "main" {print $3; exit}')
[[ -n $mirror ]] || fail "apt's configuration names no mirror of this system's release"
bare=$folder/root
started=$SECONDS
debootstrap --variant=minbase --include=python3,python3-venv "$suite" "$bare" "$mirror" >"$folder/log" 2>&1 ||
    { tail -20 "$folder/log" >&2; fail "debootstrap failed"; }
echo "$suite with Python: $(du -sm "$bare" | cut -f1) MB, $((SECONDS - started)) s"

in_bare() { unshare --mount --pid --fork --root "$bare" --mount-proc /usr/bin/env -i HOME=/root PATH=/venv/bin:/usr/bin:/bin "$@"; }
for name in swift libopenblas libgfortran libpng libstdc++; do
    found=$(find "$bare/usr" -name "$name*" -not -path '*/share/*' | head -3)
    [[ -z $found ]] || echo "in the root folder already: ${found//$bare/}"
done

# numpy is fetched here, since the root folder has no certificates for a network.
python=$(in_bare python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" download --quiet --only-binary :all: --python-version "$python" --dest "$bare/wheels" numpy
cp "$folder"/wheels/*.whl "$bare/wheels"
in_bare python3 -m venv /venv
in_bare pip install --quiet --no-index --find-links /wheels landscape-sharpness

in_bare sh -c 'cd /root && landscape --version && python -m landscape_sharpness --version'
in_bare landscape selftest --quiet | tail -1
in_bare sh -c 'cd /root && landscape train --model mlp:64-64-32-10 --data digits --epochs 10 -o ckpt.bin --quiet >/dev/null &&
    landscape slice ckpt.bin --points 11x11 -o slice.png --quiet >/dev/null && landscape hessian ckpt.bin --top 3 --quiet'
[[ $(head -c 8 "$bare/root/slice.png" | od -An -tx1 | tr -d ' \n') == 89504e470d0a1a0a ]] || fail "no PNG: slice.png"
echo "the wheel works in a bare $suite with Python $python"
