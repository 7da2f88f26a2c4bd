import ArrayFiles
import Tensors
import TestSupport
import Testing

@testable import Objectives

/// Vectors of θ's length from .npy files, which are read piece by piece.
@Suite struct VectorFileTests {
    /// The numbers of `NPY.read`, over the ends of pieces, in every type and order.
    @Test func numbersOfEveryType() throws {
        let folder = try Folder(), path = folder.path("v.npy")
        let count = (1 << 18) + 1234
        let numbers = RandomNumbers(seed: 1).normals(count)
        let fortran = NPY.encode(NumericArray(Array(numbers[..<6]), shape: [2, 3]))
        let arrays = [
            NumericArray(numbers), NumericArray(numbers.map { Float($0) }), NumericArray((0..<count).map { $0 - 7 }),
            NumericArray([Double]()), NumericArray([2.5], shape: []), NumericArray(numbers, shape: [2, count / 2]),
        ]
        for array in arrays {
            try NPY.write(array, to: path)
            #expect(try Vectors.read(npy: path) == array.doubles)
        }
        for (old, new) in [("False", "True "), ("<f8", ">f8")] {
            var bytes = fortran
            let place = try #require(
                bytes.indices.first { bytes[$0...].starts(with: Array(old.utf8)) })
            bytes.replaceSubrange(place..<place + old.utf8.count, with: Array(new.utf8))
            try folder.write(bytes, to: "v.npy")
            #expect(try Vectors.read(npy: path).map(\.bitPattern) == NPY.read(path).doubles.map(\.bitPattern))
        }
    }

    /// What is no intact vector is refused with the words of `NPY.read`, and its length is seen before it is read.
    @Test func damage() throws {
        let folder = try Folder(), path = folder.path("v.npy")
        let bytes = NPY.encode(NumericArray(RandomNumbers(seed: 2).normals(1000)))
        for damaged in [Array(bytes.dropLast(3)), bytes + [0], Array(bytes.prefix(20)), [], Array("text".utf8)] {
            try folder.write(damaged, to: "v.npy")
            let problem = #expect(throws: FileError.self) { try Vectors.read(npy: path) }
            let words = #expect(throws: FileError.self) { try NPY.read(path) }
            #expect("\(try #require(problem))" == "\(try #require(words))")
        }
        #expect(throws: FileError.self) { try Vectors.read(npy: folder.path("none.npy")) }
        try folder.write(bytes, to: "v.npy")
        struct Refused: Error, Equatable { let count: Int }
        #expect(throws: Refused(count: 1000)) { try Vectors.read(npy: path) { throw Refused(count: $0) } }
    }
}
