#!/usr/bin/env bash
# Builds the three programs of this package and runs them; each leaves its picture in FOLDER.
#
#     examples/library/run.sh [FOLDER [BUILD]]        (default: ./library-pictures)
#
# BUILD is the folder of a build; that of the package itself has all that these programs share with it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
folder=${1:-library-pictures}

source "$root/examples/install-packages.sh"
install_packages
scratch=${2:-$here/.build}
# A folder that another package was built in holds that package's plan, which SwiftPM would follow.
swift build --package-path "$here" --scratch-path "$scratch" -c release --disable-build-manifest-caching
programs=$(swift build --package-path "$here" --scratch-path "$scratch" -c release --show-bin-path)
mkdir -p "$folder"
cd "$folder"

"$programs/OwnFunction"
"$programs/FromONNX" "$root/Tests/Fixtures/onnx/conv1d_ts17.onnx" "$root/Tests/Fixtures/onnx/conv1d_x.npy" \
    "$root/Tests/Fixtures/onnx/conv1d_y.npy"
"$programs/TrainedInCode"
for picture in valley.png spectrum.png landscape.png; do
    [[ $(head -c 8 "$picture" | od -An -tx1 | tr -d ' \n') == 89504e470d0a1a0a ]] || { echo "no PNG: $picture" >&2; exit 1; }
done
echo "valley.png, spectrum.png and landscape.png are in $folder"
