import ArrayFiles
import Foundation
import TestSupport
import Testing

@testable import Datasets

/// Inputs that stay in their file are the same numbers, to the last bit, as inputs in memory.
@Suite struct StreamedInputsTests {
    private func arrays() -> [NumericArray] {
        let places = Array(0..<420)
        let floats = places.map { place -> Float in Float(place % 97) / 7 - 3 }
        let doubles = floats.map { value -> Double in Double(value) / 3 }
        let bytes = places.map { place -> UInt8 in UInt8(place % 256) }
        let integers = places.map { place -> Int in place % 11 - 5 }
        return [
            NumericArray(floats, shape: [7, 3, 4, 5]), NumericArray(doubles, shape: [7, 60]),
            NumericArray(bytes, shape: [7, 12, 5]), NumericArray(bytes, shape: [7, 60]),
            NumericArray(bytes, shape: [7, 3, 4, 5]),
            NumericArray(integers, shape: [7, 3, 4, 5]),
        ]
    }

    private func both(_ array: NumericArray, _ body: (Dataset, Dataset, String) throws -> Void) throws {
        let folder = try Folder(), (x, y) = (folder.path("x.npy"), folder.path("y.npy"))
        try NPY.write(array, to: x)
        try NPY.write(NumericArray([0, 1, 2, 0, 1, 2, 0]), to: y)
        let streamed = try ArrayPair.npy(x, y, .train, name: "s", streamedSize: 0)
        guard case .streamed = streamed.inputs else {
            Issue.record("it is in memory")
            return
        }
        try body(streamed, try ArrayPair.npy(x, y, .train, name: "s"), x)
    }

    /// Members that are stored as they are stay in their archive; those that are compressed are read.
    @Test(arguments: [false, true]) func archives(_ isDeflated: Bool) throws {
        let folder = try Folder(), path = folder.path("d.npz")
        let labels = NumericArray([0, 1, 2, 0, 1, 2, 0])
        for array in arrays() where array.shape.count == 4 {
            let test = NumericArray(Array(array.doubles.prefix(120)), shape: [2, 3, 4, 5])
            try NPZ.write(
                [
                    ("x", .array(array)), ("labels", .array(labels)), ("x_test", .array(test)),
                    ("labels_test", .array(NumericArray([2, 1]))),
                ], deflated: isDeflated, to: path)
            func load(_ split: Split, _ streamedSize: Int) throws -> Dataset {
                var roles = DataRoles()
                roles.inputs = [.init(name: "x", isInteger: false)]
                return try NamedArrays(npz: path, name: "s", streamedSize: streamedSize).dataset(split, roles)
            }
            for split in [Split.train, .test] {
                let streamed = try load(split, 0)
                if case .streamed = streamed.inputs {
                    #expect(!isDeflated)
                } else {
                    #expect(isDeflated)
                }
                same(streamed, try load(split, .max))
            }
            let (train, other) = (try load(.train, 0), try load(.test, 0))
            #expect(train.arrays != other.arrays)
        }
    }

    /// The names by convention, too.
    @Test func archivesByConvention() throws {
        let folder = try Folder(), path = folder.path("d.npz"), array = arrays()[0]
        try NPZ.write(
            [("x", .array(array)), ("y", .array(NumericArray([0, 1, 2, 0, 1, 2, 0])))], to: path)
        let data = try NamedArrays(npz: path, name: "s", streamedSize: 0).conventionalDataset(.train, ignoreIndex: -100)
        guard case .streamed = data.inputs else {
            Issue.record("it is in memory")
            return
        }
        #expect(data.floatInputs == array.floats)
    }

    private func same(_ a: Dataset, _ b: Dataset, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(
            a.exampleShape == b.exampleShape && a.targets == b.targets && a.count == b.count,
            sourceLocation: sourceLocation)
        #expect(a.floatInputs.map(\.bitPattern) == b.floatInputs.map(\.bitPattern), sourceLocation: sourceLocation)
        #expect(a.doubleInputs.map(\.bitPattern) == b.doubleInputs.map(\.bitPattern), sourceLocation: sourceLocation)
    }

    @Test func sameNumbers() throws {
        for array in arrays() {
            try both(array) { streamed, memory, _ in
                same(streamed, memory)
                #expect(streamed.remarks == memory.remarks)
                same(try streamed.prefix(4), try memory.prefix(4))
                same(streamed.subset([6, 0, 1, 1]), memory.subset([6, 0, 1, 1]))
                let (a, b) = (try Standardization(of: streamed), try Standardization(of: memory))
                #expect(a == b)
                same(try streamed.standardized(by: a), try memory.standardized(by: a))
                same(try streamed.standardized(by: a).prefix(2), try memory.standardized(by: a).prefix(2))
                same(try streamed.withLabelNoise(0.5, seed: 1), try memory.withLabelNoise(0.5, seed: 1))
            }
        }
    }

    /// Numbers that are not finite are found wherever they are, and a file that is cut while it is in use gives NaN.
    @Test func badFiles() throws {
        var values = [Float](repeating: 1, count: 14)
        values[9] = .infinity
        let folder = try Folder(), (x, y) = (folder.path("x.npy"), folder.path("y.npy"))
        try NPY.write(NumericArray([0, 1, 2, 0, 1, 2, 0]), to: y)
        func problem() -> String {
            do {
                _ = try ArrayPair.npy(x, y, .train, name: "s", streamedSize: 0)
                return ""
            } catch {
                return error.description
            }
        }
        try NPY.write(NumericArray(values, shape: [7, 2]), to: x)
        #expect(problem().contains("row 4 holds the input inf"))
        try NPY.write(NumericArray(Array(values.prefix(6)), shape: [3, 2]), to: x)
        #expect(problem().contains("3 inputs and 7 targets"))
        let tokens = NumericArray([Int](repeating: 1, count: 14), shape: [7, 2])
        try NPY.write(tokens, to: x)
        #expect(problem().contains("expected at most"))
        let bytes = NPY.encode(NumericArray(values, shape: [7, 2]))
        try Data(bytes.dropLast()).write(to: URL(fileURLWithPath: x))
        #expect(problem().contains("cut short"))
        let order = try #require(bytes.firstRange(of: Array("False".utf8)))
        try Data(bytes[..<order.lowerBound] + Array("True ".utf8) + bytes[order.upperBound...]).write(
            to: URL(fileURLWithPath: x))
        #expect(problem().contains("Fortran order"))

        try both(NumericArray([Float](repeating: 1, count: 14), shape: [7, 2])) { streamed, _, path in
            #expect(truncate(path, 140) == 0)
            #expect(streamed.floatInputs.contains { $0.isNaN })
        }
    }
}
