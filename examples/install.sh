#!/usr/bin/env bash
# Installs landscape with its manual pages and its completions for bash, zsh and fish.
#
#     examples/install.sh [--prefix FOLDER] [--landscape PROGRAM]
#
# --prefix FOLDER      where to install (default: ~/.local; /usr/local for all users)
# --landscape PROGRAM  a program that is built already (default: build it in release mode)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
prefix=$HOME/.local
program=
while (($#)); do
    case $1 in
        --prefix | --landscape)
            [[ -n ${2:-} ]] || { echo "$1: expected a path behind it" >&2; exit 2; }
            if [[ $1 == --prefix ]]; then prefix=$2; else program=$2; fi
            shift 2
            ;;
        *) echo "$1: expected --prefix FOLDER or --landscape PROGRAM" >&2; exit 2 ;;
    esac
done

if [[ -z $program ]]; then
    source "$root/examples/install-packages.sh"
    install_packages
    swift build --package-path "$root" -c release --product landscape
    program=$(swift build --package-path "$root" -c release --show-bin-path)/landscape
fi
[[ -x $program && ! -d $program ]] || { echo "$program: no such program; leave --landscape out to build it" >&2; exit 2; }

install -d "$prefix"
prefix=$(cd "$prefix" && pwd)
install -D -m 755 "$program" "$prefix/bin/landscape"
landscape=$prefix/bin/landscape
"$landscape" --generate-manual "$prefix/share/man/man1"
complete() {
    install -d "$prefix/share/$(dirname "$2")"
    "$landscape" --generate-completion-script "$1" >"$prefix/share/$2"
}
complete bash bash-completion/completions/landscape
complete zsh zsh/site-functions/_landscape
complete fish fish/vendor_completions.d/landscape.fish

echo "landscape, its manual and its completions are in $prefix"
[[ :$PATH: == *:$prefix/bin:* ]] || echo "add it to your path: export PATH=\"$prefix/bin:\$PATH\""
echo "zsh: fpath=($prefix/share/zsh/site-functions \$fpath) before compinit; bash and fish find theirs"
