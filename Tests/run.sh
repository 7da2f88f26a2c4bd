#!/usr/bin/env bash
# Runs all tests in the release configuration, those of the command line among them. Installs missing system packages first.
#
#     Tests/run.sh [ARGUMENTS OF swift test, such as --filter ToolTests]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/examples/install-packages.sh"
install_packages

# Release: numeric tests in a debug build would take minutes, as C targets are compiled without optimisation there.
swift build --package-path "$root" -c release --product landscape
swift test --package-path "$root" -c release "$@"
