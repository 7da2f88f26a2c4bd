#!/usr/bin/env bash
# Runs the engine's tests under a sanitizer; the last line says "clean" or what to look for. Installs missing system packages
# first.
#
#     Tests/sanitize.sh thread     ThreadSanitizer: everything that runs on several threads, Swift and C
#     Tests/sanitize.sh address    AddressSanitizer and UndefinedBehaviorSanitizer: everything that calls C kernels
#
# Each builds the package once more, with the sanitizer, in .build/thread or .build/address: on two processors about 5 minutes, and
# 10 for the C kernels with their checks. The runs take 3 to 6 minutes. Further arguments go to swift test, such as
# --filter ConvolutionTests in place of the suites below.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/examples/install-packages.sh"
install_packages

skipped=()
kind=${1:-}
shift || true
case $kind in
thread)
    sanitizers=(--sanitize=thread)
    suites=(ThreadsTests ThreadCountTests ExecutableTests SweepTests ProductGroupTests AccumulationTests BatchGradientTests ClosedFormTests
        StreamedInputsTests)
    export TSAN_OPTIONS="exitcode=66 ${TSAN_OPTIONS:-}"
    ;;
address)
    # Swift has no sanitizer of undefined behaviour: it is for C alone.
    sanitizers=(--sanitize=address -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined)
    suites=(TensorsTests AutodiffTests SHA256Tests SafetensorsTests NPYTests ClosedFormTests)
    # Between the checks a Float32 sum is not vectorised: over 40 000 numbers it is less exact than that test's bound.
    skipped=(--skip ElementaryFunctionTests/softmax)
    # Leaks are not looked for: Swift keeps its metadata until the process ends, and reaches it in ways that look like leaks.
    export ASAN_OPTIONS="detect_leaks=0 ${ASAN_OPTIONS:-}"
    export UBSAN_OPTIONS="print_stacktrace=1 ${UBSAN_OPTIONS:-}"
    ;;
*)
    echo "usage: Tests/sanitize.sh thread|address [ARGUMENTS OF swift test]" >&2
    exit 2
    ;;
esac

arguments=("$@")
if ((${#arguments[@]} == 0)); then
    for suite in "${suites[@]}"; do arguments+=(--filter "$suite"); done
    arguments+=("${skipped[@]}")
fi

# In the release configuration, as the numeric tests need it; the crash reporter would only stand in the sanitizer's way.
if SWIFT_BACKTRACE=enable=no swift test --package-path "$root" --scratch-path "$root/.build/$kind" -c release \
    "${sanitizers[@]}" "${arguments[@]}"; then
    echo "sanitize $kind: clean"
else
    echo "sanitize $kind: FAILED; above, look for 'WARNING: ThreadSanitizer', 'ERROR: AddressSanitizer' or 'runtime error:'" >&2
    exit 1
fi
