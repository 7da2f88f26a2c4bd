// swift-tools-version: 6.1
import PackageDescription

// Programs that use Landscape as a library. A package of yours names it by its address instead of a path.
let package = Package(
    name: "landscapes",
    dependencies: [.package(name: "landscape", path: "../..")],
    targets: ["OwnFunction", "FromONNX", "TrainedInCode"].map { name in
        .executableTarget(name: name, dependencies: [.product(name: "Landscape", package: "landscape")])
    },
    swiftLanguageModes: [.v6]
)
