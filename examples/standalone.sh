#!/usr/bin/env bash
# Builds landscape as one file for other machines, and puts the licences of all that is linked into it beside it.
#
#     examples/standalone.sh [--static] [FOLDER]      FOLDER (default: ./standalone) gets landscape and LICENSES
#     examples/standalone.sh --check PROGRAM          only says whether a program runs elsewhere
#
# The program needs glibc 2.34 or later and nothing else: RHEL 9, Ubuntu 22.04, Debian 12 or later. With --static it needs a Linux
# kernel (and /proc) only. It is linked from the objects of the ordinary build, so it computes the same bits.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
newest_glibc=2.34

fail() {
    echo "$*" >&2
    exit 1
}

# check PROGRAM: fails where the program needs a library or a version of glibc that another machine may not have.
check() {
    [[ -f $1 ]] || fail "$1: no such program"
    command -v objdump >/dev/null || fail "objdump is missing; install the package binutils"
    local described needed versions
    described=$(objdump -p "$1") || fail "$1: expected a program for Linux"
    needed=$(awk '$1 == "NEEDED" && $2 !~ /^(libc\.so\.6|libm\.so\.6|ld-linux-.*)$/ {print $2}' <<<"$described")
    [[ -z $needed ]] || fail "$1: needs ${needed//$'\n'/, }; expected glibc alone: build it with examples/standalone.sh"
    versions=$({ grep -oE 'GLIBC_[0-9.]+' || true; } <<<"$described" | sed 's/GLIBC_//' | sort -uV)
    if [[ -n $versions && $(printf '%s\n' "$versions" "$newest_glibc" | sort -V | tail -1) != "$newest_glibc" ]]; then
        objdump -T "$1" | awk -v newest="$newest_glibc" '
            match($0, /GLIBC_2\.[0-9]+/) && substr($0, RSTART + 8, RLENGTH - 8) + 0 > substr(newest, 3) + 0' >&2
        fail "$1: needs glibc $(tail -1 <<<"$versions"), expected $newest_glibc at most; build it on Debian 12 or Ubuntu 22.04," \
            "or define the functions above in Sources/Standalone/glibc.c"
    fi
    if grep -qF -e "$root/.build" -e "$root/Sources" "$1"; then fail "$1: names the folder that it was built in, $root"; fi
    if [[ -n $versions ]]; then echo "$1: needs glibc $(tail -1 <<<"$versions")"; else echo "$1: needs a kernel alone"; fi
}

static=
folder=standalone
while (($#)); do
    case $1 in
        --static) static=yes ;;
        --check)
            [[ -n ${2:-} ]] || fail "--check: expected a program behind it"
            check "$2"
            exit
            ;;
        -*) fail "$1: expected --static, --check PROGRAM or a folder" ;;
        *) folder=$1 ;;
    esac
    shift
done

source "$root/examples/install-packages.sh"
install_packages
command -v objdump >/dev/null || install_with_apt binutils
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
toolchain=$(dirname "$(readlink -f "$(command -v swiftc)")")

# archive NAME: the path of a static library; nothing where it is missing.
archive() {
    local file
    case $1 in
        openblas) file=$(pkg-config --variable=libdir openblas)/libopenblas.a ;;
        *) file=$("$toolchain/clang" -print-file-name="lib$1.a") ;;
    esac
    if [[ -f $file ]]; then realpath "$file"; fi
}

# The static libraries lie in a folder of their own, where the linker finds no shared ones. Swift's compiler asks for gcc_s,
# which exists as a shared library only; its static twin is gcc_eh.
mkdir "$work/lib"
archives=()
for name in openblas png16 z stdc++ gcc_eh ${static:+c m}; do
    file=$(archive "$name")
    [[ -n $file ]] || fail "lib$name.a is missing; expected it with the development package of that library (Debian, Ubuntu:" \
        "libopenblas-dev, libpng-dev, zlib1g-dev, libstdc++-VERSION-dev, libgcc-VERSION-dev, libc6-dev)"
    archives+=("$file")
    case $name in
        gcc_eh) ln -s "$file" "$work/lib/libgcc_s.a" ;;
        c | m) ;;
        *) ln -s "$file" "$work/lib/lib$name.a" ;;
    esac
done

# The ordinary build. TOMLKit's assertions name their file; the name begins in the package's folder.
swift build --package-path "$root" -c release --product landscape -Xcxx "-ffile-prefix-map=$root/="
build=$(swift build --package-path "$root" -c release --show-bin-path)
objects=$build/landscape.product/Objects.LinkFileList
[[ -f $objects ]] || fail "$objects is missing; expected the list of objects that SwiftPM's native build system leaves"

# What needs ICU's data would trap, so nothing of it may be called. (TOMLKit converts dates in functions that nothing calls.)
needs_icu='Formatter|RegularExpression|FoundationInternationalization|Locale\.init|Calendar\.'
calls=$(grep -v '/TOMLKit\.build/' "$objects" | xargs "$toolchain/llvm-nm" --undefined-only --just-symbol-name 2>/dev/null |
    grep -E '^\$s.*Foundation' | sort -u | "$toolchain/swift-demangle" --simplified) || fail "$objects: found no call of Foundation"
called=$(grep -E "$needs_icu" <<<"$calls") || true
[[ -z $called ]] || fail "the program calls what needs ICU's data, which are not linked: ${called//$'\n'/, };" \
    "formatted(.iso8601) and String(format:) do without"

# ICU's data give place to an empty table of the same name, which carries ICU's version.
libraries=$(dirname "$toolchain")/lib/swift_static/linux
[[ -f $libraries/lib_FoundationICU.a ]] ||
    fail "$libraries/lib_FoundationICU.a is missing; expected a toolchain with Swift's static libraries"
icu=$("$toolchain/llvm-nm" --defined-only "$libraries/lib_FoundationICU.a" 2>/dev/null | grep -oE '\bicudt[0-9]+_dat$' | sort -u) || true
[[ $icu =~ ^icudt[0-9]+_dat$ ]] ||
    fail "$libraries/lib_FoundationICU.a: expected one table icudtVERSION_dat, found: ${icu:-none}; see Sources/Standalone/icu.c"
compile=("$toolchain/clang" -O2 -fPIC -Wall -Werror -c)
"${compile[@]}" -DICU_DATA="$icu" "$root/Sources/Standalone/icu.c" -o "$work/icu.o"
added=("$work/icu.o")
if [[ -z $static ]]; then
    "${compile[@]}" "$root/Sources/Standalone/glibc.c" -o "$work/glibc.o"
    added+=("$work/glibc.o")
fi

# Linked again with static libraries. Objects come before libraries, so that theirs are the definitions that count. A file with
# these imports makes Swift name its own static libraries. What blas_prepare.c refers to weakly has to be asked for.
runtime=-static-stdlib
if [[ $static ]]; then runtime=-static-executable; fi
options=(--gc-sections --defsym main=LandscapeTool_main)
for name in openblas_get_corename gotoblas_dynamic_init gotoblas_dynamic_quit; do options+=("--undefined=$name"); done
mapfile -t options < <(printf -- '-Xlinker\n%s\n' "${options[@]}")
printf 'import Foundation\nimport Synchronization\n' >"$work/Imports.swift"
# The names of files and their order are the same each time, and so are the program's bytes.
cd "$work"
LC_ALL=C sort "$objects" >objects
swiftc "$runtime" -parse-as-library -module-name Imports -c Imports.swift -o Imports.o
swiftc "$runtime" -use-ld=lld Imports.o "${added[@]##*/}" @objects "${options[@]}" -L lib -lopenblas -lpng16 -lz -lm -o landscape
cd "$OLDPWD"

# symbol NAME: its size in the program, as hexadecimal digits.
symbol() { awk -v name="$1" '$4 == name {print $2}' "$work/symbols"; }
"$toolchain/llvm-nm" --print-size "$work/landscape" >"$work/symbols"
[[ $(symbol "$icu") =~ ^0*28$ ]] || fail "$icu: expected the empty table of 0x28 bytes in the program, found 0x$(symbol "$icu")"
[[ -n $(symbol gotoblas_dynamic_init) && -n $(symbol openblas_get_corename) ]] ||
    fail "OpenBLAS cannot choose its kernels at run time here; expected one that is built for several processors (DYNAMIC_ARCH)"
"$toolchain/llvm-objcopy" --strip-all "$work/landscape"
check "$work/landscape" >/dev/null

# Licences: of the packages, of Swift, and of what the system's packages say about their archives.
heading() { printf '\n%s\n%s\n%s\n\n' "${1//?/=}" "$1" "${1//?/=}"; }
licence() {
    heading "$1"
    cat "$2" || fail "$2: no licence of $1"
}
licences() {
    echo "Landscape is one file. These are the licences of all that is in it."
    licence "Landscape" "$root/LICENSE"
    licence "Swift: runtime, standard library, Foundation, libdispatch" "$(dirname "$toolchain")/share/swift/LICENSE.txt"
    licence "ICU, in Swift's Foundation" "$root/Sources/Standalone/licenses/ICU"
    licence "swift-argument-parser" "$checkouts/swift-argument-parser/LICENSE.txt"
    licence "TOMLKit" "$checkouts/TOMLKit/LICENSE"
    heading "toml++, in TOMLKit"
    sed -n '/^\/\/ MIT License/,/^\/\/---/{/^\/\/---/d;s/^\/\/ \?//;p}' "$checkouts/TOMLKit/Sources/CTOML/Sources/toml.hpp"
    local file package
    for file in "${archives[@]}"; do
        package=$(dpkg-query -S "$file" 2>/dev/null | head -1) || true
        [[ -n $package ]] || fail "$file: no package of Debian or Ubuntu that would tell its licence"
        echo "${package%%:*}"
    done | sort -u >"$work/packages"
    # GCC's libraries have one text, in one package.
    while read -r package; do realpath -e "/usr/share/doc/$package/copyright"; done <"$work/packages" | sort -u >"$work/texts"
    while read -r file; do
        licence "$(basename "$(dirname "$file")"), as the package says" "$file"
    done <"$work/texts"
    for name in GPL-3 ${static:+LGPL-2.1}; do licence "$name" "/usr/share/common-licenses/$name"; done
}
checkouts=$build/../../checkouts
licences >"$work/LICENSES"
grep -q "Mark Gillard" "$work/LICENSES" || fail "toml.hpp: no licence found in it"

install -m 755 "$work/landscape" "$folder/landscape"
install -m 644 "$work/LICENSES" "$folder/LICENSES"
check "$folder/landscape"
echo "$folder: landscape, $(($(stat -c %s "$folder/landscape") / 1000000)) MB, and LICENSES"
