#!/usr/bin/env bash
# Runs all tests in the release configuration, those of the command line among them. Installs missing system packages first.
#
#     Tests/run.sh [ARGUMENTS OF swift test, such as --filter ToolTests]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/examples/install-packages.sh"
install_packages

# The ONNX project's own cases are data for one test, which is skipped where they cannot be had.
if [[ -z ${LANDSCAPE_ONNX_TESTS:-} && ! -d /usr/share/libonnx-testdata/data ]]; then
    install_with_apt libonnx-testdata ||
        echo "without libonnx-testdata the conformance test of ONNX import is skipped; LANDSCAPE_ONNX_TESTS may name its folder" >&2
fi

# Release: numeric tests in a debug build would take minutes, as C targets are compiled without optimisation there. A build
# folder of its own, because tests are compiled with other flags and would make the next ordinary build start afresh.
swift test --package-path "$root" --scratch-path "$root/.build/tests" -c release "$@"
