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
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Style files.
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        // System libraries. zlib comes with libpng's development package.
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // What all need: errors, interruption, progress.
        .target(name: "Essentials"),

        // Numbers.
        .target(name: "CKernels"),
        .target(name: "CMessages"),
        .target(name: "Tensors", dependencies: ["CKernels", "COpenBLAS"]),
        .target(name: "Autodiff", dependencies: ["CKernels", "Tensors"]),
        .target(name: "MatrixFree", dependencies: ["COpenBLAS", "Essentials", "Tensors"]),
        .target(name: "Ranks", dependencies: ["CMessages", "Essentials", "Tensors"]),

        // Files, data and models.
        .target(name: "ArrayFiles", dependencies: ["CKernels", "CZlib", "Essentials"]),
        .target(name: "Datasets", dependencies: ["ArrayFiles", "Essentials", "Tensors"]),
        .target(name: "Networks", dependencies: ["Autodiff", "Essentials", "Tensors"]),
        .target(name: "ONNX", dependencies: ["ArrayFiles", "Autodiff", "Essentials", "Networks", "Tensors"]),
        .target(
            name: "Models", dependencies: ["ArrayFiles", "Datasets", "Essentials", "Networks", "ONNX", "Tensors"]),

        // Functions of their parameters, and what is computed from them.
        .target(
            name: "Objectives",
            dependencies: [
                "ArrayFiles", "Autodiff", "Datasets", "Essentials", "MatrixFree", "Models", "Networks", "Ranks",
                "Tensors",
            ]),
        .target(
            name: "Training",
            dependencies: [
                "ArrayFiles", "COpenBLAS", "Datasets", "Essentials", "MatrixFree", "Models", "Networks", "Objectives",
                "Ranks", "Tensors",
            ]),
        .target(
            name: "Analyses",
            dependencies: [
                "ArrayFiles", "Datasets", "Essentials", "MatrixFree", "Models", "Networks", "Objectives", "Ranks",
                "Tensors", "Training",
            ]),

        // What is shown.
        .target(name: "Plotting", dependencies: ["CPNG", "CZlib", "Essentials"]),
        .target(
            name: "GroundTruth",
            dependencies: ["Analyses", "Datasets", "MatrixFree", "Networks", "Objectives", "Tensors", "Training"]),
        .target(
            name: "Reporting",
            dependencies: [
                "Analyses", "ArrayFiles", "Datasets", "Essentials", "GroundTruth", "MatrixFree", "Models", "Objectives",
                "Plotting", "Tensors", "Training", .product(name: "TOMLKit", package: "TOMLKit"),
            ],
            // What a report's page needs lies in the program, which is one file.
            resources: ["report.css", "surface.vert", "surface.frag"].map { .embedInCode("Page/Web/\($0)") }
                + ["base", "scale", "chart", "heatmap", "surface", "plane", "sections"].map {
                    .embedInCode("Page/Web/\($0).js")
                }),

        // One import of all that is public, and the programs.
        .target(
            name: "Landscape",
            dependencies: [
                "Analyses", "ArrayFiles", "Autodiff", "Datasets", "Essentials", "GroundTruth", "MatrixFree", "Models",
                "Networks", "ONNX", "Objectives", "Plotting", "Ranks", "Reporting", "Tensors", "Training",
            ]),
        .executableTarget(
            name: "LandscapeTool",
            dependencies: ["Landscape", .product(name: "ArgumentParser", package: "swift-argument-parser")]),

        .executableTarget(
            name: "LandscapeBenchmark",
            dependencies: [
                "Autodiff", "CKernels", "Landscape", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        .executableTarget(
            name: "LandscapeFuzz",
            dependencies: ["Landscape", .product(name: "ArgumentParser", package: "swift-argument-parser")]),

        .testTarget(name: "EssentialsTests", dependencies: ["Essentials"]),
        // What tests of several modules share, and a program that sets no number of threads.
        .target(name: "TestSupport", dependencies: ["ArrayFiles", "Models", "Tensors"], path: "Tests/TestSupport"),
        .executableTarget(name: "DefaultThreads", dependencies: ["Tensors"], path: "Tests/DefaultThreads"),

        .testTarget(name: "TensorsTests", dependencies: ["CKernels", "DefaultThreads", "Tensors"]),
        .target(name: "GraphEvaluation", dependencies: ["Autodiff", "Tensors"], path: "Tests/GraphEvaluation"),
        .testTarget(name: "AutodiffTests", dependencies: ["Autodiff", "CKernels", "GraphEvaluation", "Tensors"]),
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        .testTarget(
            name: "NetworksTests",
            dependencies: ["AllocationCounter", "Autodiff", "GraphEvaluation", "Networks", "Tensors"]),
        // How often intervals hold what they are to hold.
        .target(name: "Calibration", path: "Tests/Calibration"),
        .testTarget(name: "RanksTests", dependencies: ["Ranks"]),
        .testTarget(name: "MatrixFreeTests", dependencies: ["Calibration", "MatrixFree", "Tensors"]),
        .testTarget(name: "ArrayFilesTests", dependencies: ["ArrayFiles", "CKernels", "Essentials", "TestSupport"]),
        .testTarget(name: "DatasetsTests", dependencies: ["ArrayFiles", "Datasets", "TestSupport"]),
        .testTarget(
            name: "ModelsTests",
            dependencies: [
                "ArrayFiles", "Datasets", "Models", "Networks", "ONNX", "Objectives", "ReferenceModels", "Tensors",
                "TestSupport", "Training",
            ]),
        .target(
            name: "ReferenceModels",
            dependencies: ["ArrayFiles", "Autodiff", "Datasets", "Networks", "Objectives", "Tensors", "TestSupport"],
            path: "Tests/ReferenceModels"),
        .testTarget(
            name: "ObjectivesTests",
            dependencies: [
                "ArrayFiles", "Autodiff", "Datasets", "Networks", "Objectives", "ReferenceModels", "TestSupport",
                "Tensors",
            ]),
        .testTarget(
            name: "AnalysesTests",
            dependencies: [
                "Analyses", "Calibration", "Datasets", "Essentials", "MatrixFree", "Models", "Networks", "Objectives",
                "ReferenceModels", "Tensors", "Training",
            ]),
        .testTarget(name: "GroundTruthTests", dependencies: ["GroundTruth", "Objectives", "Tensors"]),
        .testTarget(
            name: "ONNXTests",
            dependencies: [
                "ArrayFiles", "Autodiff", "Datasets", "GraphEvaluation", "Models", "Networks", "ONNX", "Objectives",
                "ReferenceModels", "Tensors", "TestSupport",
            ]),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "ArrayFiles", "Datasets", "Essentials", "MatrixFree", "Models", "Networks", "Objectives", "ReferenceModels",
                "Tensors", "TestSupport", "Training",
            ]),
        .testTarget(name: "PlottingTests", dependencies: ["CPNG", "CZlib", "Essentials", "Plotting"]),
        .testTarget(
            name: "ToolTests",
            dependencies: [
                "ArrayFiles", "Landscape", "LandscapeFuzz", "LandscapeTool", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
