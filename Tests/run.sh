#!/usr/bin/env bash
# Runs all tests in the release configuration, those of the command line among them. Installs missing system packages first.
#
#     Tests/run.sh [ARGUMENTS OF swift test, such as --filter ToolTests]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/examples/install-packages.sh"
install_packages

# Release: numeric tests in a debug build would take minutes, as C targets are compiled without optimisation there. A build
# folder of its own, because tests are compiled with other flags and would make the next ordinary build start afresh.
swift test --package-path "$root" --scratch-path "$root/.build/tests" -c release "$@"
