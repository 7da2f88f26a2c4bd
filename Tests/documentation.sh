#!/usr/bin/env bash
# Checks that every public declaration is documented, type-checks the articles' code, and builds the documentation of
# `import Landscape`; any warning fails.
#
#     Tests/documentation.sh [FOLDER]
#
# FOLDER gets Landscape.doccarchive, a website (default: .build/documentation).
#
# The module Landscape is one import of others, and its documentation shows their symbols as its own. swift-docc-plugin cannot
# ask the compiler for that, so the two tools below are called as it calls them. They come with Swift: no package needs the plugin.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-$root/.build/documentation}
source "$root/examples/install-packages.sh"
install_packages

python3 "$root/Tests/test_check_documentation.py"
python3 "$root/Tests/check_documentation.py"

swift build --package-path "$root" -c release --target Landscape
modules=$(swift build --package-path "$root" -c release --show-bin-path)/Modules
exported=$(sed -n 's/^@_exported import //p' "$root/Sources/Landscape/Landscape.swift" | paste -sd,)
read -r target tools < <(swiftc -print-target-info | python3 -c '
import json, sys
info = json.load(sys.stdin)
print(info["target"]["triple"], info["paths"]["runtimeResourcePath"] + "/../../bin")')
headers=()
for map in "$root"/Sources/*/module.modulemap "$root"/Sources/*/include/module.modulemap \
    "$root"/.build/checkouts/*/Sources/*/include/*/module.modulemap; do
    headers+=(-I "$(dirname "$map")")
done

symbols=$folder/symbols
rm -rf "$symbols" "$folder/Landscape.doccarchive"
mkdir -p "$symbols"

# Each block of code is the body of a function of its own.
awk 'FNR == 1 { inside = 0 }
    /^```swift$/ { inside = 1; printf "func block%d() throws {\n", ++count; next }
    /^```$/ && inside { inside = 0; print "}"; next }
    inside' "$root"/Sources/Landscape/Landscape.docc/*.md | cat <(echo "import Landscape") - >"$folder/articles.swift"
swiftc -typecheck -swift-version 6 -suppress-warnings -I "$modules" "${headers[@]}" "$folder/articles.swift"

swift symbolgraph-extract -module-name Landscape -target "$target" -I "$modules" "${headers[@]}" -output-dir "$symbols" \
    -minimum-access-level public -skip-synthesized-members -experimental-allowed-reexported-modules="$exported"
"$tools/docc" convert "$root/Sources/Landscape/Landscape.docc" --additional-symbol-graph-dir "$symbols" \
    --fallback-display-name Landscape --fallback-bundle-identifier landscape --warnings-as-errors \
    --output-path "$folder/Landscape.doccarchive"
echo "documentation without warnings: $folder/Landscape.doccarchive"
