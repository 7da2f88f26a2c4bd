#!/usr/bin/env bash
# Installs the system packages that Landscape is built with, where they are missing: OpenBLAS, libpng (with zlib), pkg-config
# and git. Where nothing is missing it changes nothing and needs no rights. Other scripts source it and call install_packages.

# The packages whose parts are not found, one a line.
missing_packages() {
    command -v git >/dev/null || echo git
    if ! command -v pkg-config >/dev/null; then
        # Without it nothing can be said about the libraries; apt-get leaves alone what is there already.
        printf '%s\n' pkg-config libopenblas-dev libpng-dev
        return
    fi
    pkg-config --exists openblas || echo libopenblas-dev
    pkg-config --exists libpng zlib || echo libpng-dev
}

# Installs packages by their names in Debian and Ubuntu, as root or by sudo; fails with a message where that cannot be.
install_with_apt() {
    if ! command -v apt-get >/dev/null; then
        echo "missing, by the names of Debian and Ubuntu: $*; install them with this system's package manager" >&2
        return 1
    fi
    local as_root=()
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            echo "missing: $*; as root, run: apt-get install $*" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "installing missing packages: $*"
    "${as_root[@]}" apt-get update -q || return 1
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

install_packages() {
    if ! command -v swift >/dev/null; then
        echo "Swift is not on the PATH, expected version 6.1 or later: install it as swift.org/install says" >&2
        return 1
    fi
    local packages
    mapfile -t packages < <(missing_packages)
    if ((${#packages[@]} == 0)); then return; fi

    install_with_apt "${packages[@]}" || return 1

    mapfile -t packages < <(missing_packages)
    if ((${#packages[@]} > 0)); then
        echo "still missing after apt-get: ${packages[*]}; does 'pkg-config --exists openblas libpng zlib' succeed?" >&2
        return 1
    fi
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    set -euo pipefail
    install_packages
fi
