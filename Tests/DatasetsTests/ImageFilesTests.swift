import ArrayFiles
import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite struct ImageFilesTests {
    @Test func readsFoldersOfIDX() throws {
        try Folder.with { folder in
            let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 51, 0]
            let train: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 2, 7, 0]
            let test: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 2, 1, 2]
            try AtomicFile.write(images, to: folder + "/train-images-idx3-ubyte")
            try AtomicFile.write(try Gzip.deflate(train), to: folder + "/train-labels-idx1-ubyte.gz")
            try AtomicFile.write(try Gzip.deflate(images), to: folder + "/t10k-images.idx3-ubyte.gz")
            try AtomicFile.write(test, to: folder + "/t10k-labels-idx1-ubyte")
            let data = try DataSpecification("mnist:\(folder)")
            let loaded = try data.load()
            #expect(loaded.exampleShape == [1, 1, 2] && loaded.inputs == .floats([0, 1, 0.2, 0]))
            #expect(loaded.targets == .classes([7, 0], count: 8))
            #expect(try data.load(.test).targets == .classes([1, 2], count: 8))
            #expect(try DataSpecification("fashion-mnist:\(folder)").load().count == 2)
        }
        #expect(throws: DatasetError.self) { try DataSpecification("mnist:/nowhere").load() }
    }

    @Test func readsTheBinaryCIFAR() throws {
        try Folder.with { folder in
            let image = (0..<3072).map { UInt8($0 % 256) }
            for batch in 1...5 { try AtomicFile.write([UInt8(batch)] + image, to: folder + "/data_batch_\(batch).bin") }
            try AtomicFile.write([9] + image + [3] + image, to: folder + "/test_batch.bin")
            let ten = try DataSpecification("cifar10:\(folder)")
            #expect(try ten.load().targets == .classes([1, 2, 3, 4, 5], count: 10))
            let test = try ten.load(.test)
            #expect(test.targets == .classes([9, 3], count: 10) && test.exampleShape == [3, 32, 32])
            let fractions: [Float] = [0, 1 / 255, 2 / 255]
            #expect(Array(test.floatInputs[3072..<3075]) == fractions)

            try FileManager.default.createDirectory(
                atPath: folder + "/cifar-100-binary", withIntermediateDirectories: false)
            try AtomicFile.write([1, 99] + image, to: folder + "/cifar-100-binary/train.bin")
            let hundred = try DataSpecification("cifar100:\(folder)")
            #expect(try hundred.load().targets == .classes([99], count: 100))
            #expect(throws: DatasetError.self) { try hundred.load(.test) }

            try AtomicFile.write([10] + image, to: folder + "/test_batch.bin")
            #expect(throws: DatasetError.self) { try ten.load(.test) }
            try AtomicFile.write(image, to: folder + "/test_batch.bin")
            #expect(throws: DatasetError.self) { try ten.load(.test) }
        }
    }

    @Test func saysWhichPackageBringsFashionMNIST() {
        do {
            _ = try ImageFolder.fashionMNIST(nil, .train, name: "fashion-mnist", among: ["/a/none", "/b/none"])
            Issue.record("loaded without files")
        } catch {
            #expect("\(error)".contains("/a/none or /b/none") && "\(error)".contains("dataset-fashion-mnist"))
        }
    }

    /// Runs where Debian's package is installed.
    @Test(
        .enabled("dataset-fashion-mnist is not installed") {
            ImageFolder.fashionFolders.contains { FileManager.default.fileExists(atPath: $0) }
        })
    func readsFashionMNIST() throws {
        let test = try DataSpecification.fashionMNIST(folder: nil).load(.test)
        #expect(test.count == 10_000 && test.exampleShape == [1, 28, 28] && test.classCount == 10)
        let labels = try #require(test.labels)
        #expect((0..<10).allSatisfy { label in labels.count { $0 == label } == 1000 })
        #expect(Array(labels.prefix(5)) == [9, 2, 1, 1, 6])
    }
}
