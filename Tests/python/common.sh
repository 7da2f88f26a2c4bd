# What the tests of the wheel share: `root`, `folder`, which goes when the script ends, `fail`, and `program`, that of --program FILE or
# else a new one of examples/standalone.sh. Sourced with the script's arguments.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() {
    echo "$*" >&2
    exit 1
}

# OpenBLAS's own variables choose its kernels, and with them the last bits.
unset "${!OPENBLAS_@}"
python3 -c 'import ensurepip' 2>/dev/null || (source "$root/examples/install-packages.sh" && install_with_apt python3 python3-venv)
case ${1:-} in
    '')
        "$root/examples/standalone.sh" "$folder/standalone"
        program=$folder/standalone/landscape
        ;;
    --program) program=$(realpath "${2:?expected a program behind --program}") ;;
    *) fail "$1: expected --program FILE" ;;
esac
