// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "landscape",
    products: [
        .executable(name: "landscape", targets: ["LandscapeTool"]),
        .executable(name: "landscape-benchmark", targets: ["LandscapeBenchmark"]),
        .executable(name: "landscape-fuzz", targets: ["LandscapeFuzz"]),
        .library(name: "Landscape", targets: ["Landscape"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        // System libraries. zlib comes with libpng's development package.
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // Numbers.
        .target(name: "CKernels"),
        .target(name: "Tensors", dependencies: ["CKernels", "COpenBLAS"]),
        .target(name: "Autodiff", dependencies: ["Tensors", "CKernels"]),
        .target(name: "MatrixFree", dependencies: ["Tensors", "COpenBLAS"]),

        // Files, models and data.
        .target(name: "ArrayFiles", dependencies: ["Tensors", "CKernels", "CZlib"]),
        .target(name: "Datasets", dependencies: ["Tensors", "ArrayFiles"]),
        .target(name: "Checkpoints", dependencies: ["Tensors", "ArrayFiles"]),
        .target(name: "Networks", dependencies: ["Autodiff"]),
        .target(name: "Interchange", dependencies: ["Networks", "ArrayFiles"]),

        // What is computed from them.
        .target(name: "Objectives", dependencies: ["Networks", "Datasets"]),
        .target(name: "Training", dependencies: ["Objectives", "Checkpoints", "Interchange"]),
        .target(name: "Landscape", dependencies: ["Objectives", "MatrixFree"]),
        .target(name: "GroundTruth", dependencies: ["Landscape", "Training"]),

        // What is shown.
        .target(name: "Plotting", dependencies: ["CPNG"]),
        .target(name: "Reporting", dependencies: ["Landscape", "GroundTruth", "Plotting", "ArrayFiles"]),
        .executableTarget(
            name: "LandscapeTool",
            dependencies: [
                "Training", "Reporting", "GroundTruth",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        .executableTarget(
            name: "LandscapeBenchmark",
            dependencies: [
                "ArrayFiles", "Training", "Landscape",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        .executableTarget(
            name: "LandscapeFuzz",
            dependencies: ["Training", .product(name: "ArgumentParser", package: "swift-argument-parser")]),

        .testTarget(name: "TensorsTests", dependencies: ["Tensors"]),
        .target(name: "GraphEvaluation", dependencies: ["Autodiff"], path: "Tests/GraphEvaluation"),
        .testTarget(name: "AutodiffTests", dependencies: ["Autodiff", "GraphEvaluation"]),
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        .testTarget(name: "NetworksTests", dependencies: ["Networks", "GraphEvaluation", "AllocationCounter"]),
        .testTarget(name: "MatrixFreeTests", dependencies: ["MatrixFree"]),
        .testTarget(name: "ArrayFilesTests", dependencies: ["ArrayFiles"]),
        .testTarget(name: "DatasetsTests", dependencies: ["Datasets"]),
        .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints"]),
        .target(name: "ReferenceModels", dependencies: ["Objectives", "ArrayFiles"], path: "Tests/ReferenceModels"),
        .testTarget(name: "ObjectivesTests", dependencies: ["Objectives", "ReferenceModels"]),
        .testTarget(name: "LandscapeTests", dependencies: ["Landscape", "ReferenceModels"]),
        .testTarget(name: "GroundTruthTests", dependencies: ["GroundTruth"]),
        .testTarget(
            name: "InterchangeTests", dependencies: ["Interchange", "Training", "GraphEvaluation", "ReferenceModels"]),
        .testTarget(name: "TrainingTests", dependencies: ["Training", "ArrayFiles"]),
        .testTarget(name: "PlottingTests", dependencies: ["Plotting"]),
        .testTarget(name: "ToolTests", dependencies: ["LandscapeTool", "LandscapeFuzz", "ArrayFiles"]),
    ],
    swiftLanguageModes: [.v6]
)
