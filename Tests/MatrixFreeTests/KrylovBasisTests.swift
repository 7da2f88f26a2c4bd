import Foundation
import Tensors
import Testing

@testable import MatrixFree

@Suite struct KrylovBasisTests {
    /// The largest element of |QᵀQ − I|.
    static func defect(_ basis: KrylovBasis) -> Double {
        (0..<basis.count).map { i in
            let row = basis.coefficients(of: basis.vector(i))
            return largestDifference(row, (0..<basis.count).map { $0 == i ? 1 : 0 })
        }.max() ?? 0
    }

    /// Vectors that agree in all but 1e-8 of their length: one pass of Gram–Schmidt would leave 1e-8 between them.
    @Test func nearlyDependentVectorsBecomeOrthonormal() {
        let n = 50
        let basis = KrylovBasis(dimension: n, capacity: 20)
        let common = RandomNumbers(seed: 1).normals(n)
        for i in 0..<20 {
            let own = RandomNumbers(seed: 2, stream: UInt64(i)).normals(n)
            #expect(basis.appendOrthonormalized(Vectors.sum(common, 1e-8, own)))
        }
        // A few roundings of unit vectors.
        #expect(Self.defect(basis) < 20 * 0x1p-52)
    }

    /// The comparison the tests rest on: lengths count, and what is not a number is no agreement.
    @Test func comparisonsCanFail() {
        #expect(largestDifference([1, 2], [1, 2.5]) == 0.5)
        #expect(largestDifference([1, 2], [1]) == .infinity)
        #expect(largestDifference([1, .nan], [1, 2]) == .infinity)
    }

    @Test func dependentVectorsAreRefused() {
        let basis = KrylovBasis(dimension: 30, capacity: 4)
        let a = RandomNumbers(seed: 1).normals(30)
        let b = RandomNumbers(seed: 2).normals(30)
        #expect(basis.appendOrthonormalized(a))
        #expect(basis.appendOrthonormalized(b))
        #expect(!basis.appendOrthonormalized(Vectors.sum(a, -3, b)))
        #expect(!basis.appendOrthonormalized([Double](repeating: 0, count: 30)))
        #expect(basis.count == 2)
    }

    /// 5000 numbers take three strips of the in-place product; 37 vectors, three slabs of memory.
    @Test func rotationInPlaceIsTheMatrixProduct() {
        let n = 5000
        let basis = KrylovBasis(dimension: n, capacity: 40)
        for i in 0..<37 { basis.append(RandomNumbers(seed: 3, stream: UInt64(i)).normals(n)) }
        let columns = (0..<18).map { RandomNumbers(seed: 4, stream: UInt64($0)).normals(37) }
        // Sums of 37 terms of size up to 10: 1e-13.
        let expected = columns.map { column in
            var sum = [Double](repeating: 0, count: n)
            for i in 0..<37 { Vectors.add(column[i], basis.vector(i), to: &sum) }
            return sum
        }
        #expect(largestDifference(basis.combination(columns[0]), expected[0]) < 1e-13)
        let x = RandomNumbers(seed: 5).normals(n)
        // Sums of 5000 products of size up to 10: 1e-11.
        #expect(largestDifference(basis.coefficients(of: x), (0..<37).map { Vectors.dot(basis.vector($0), x) }) < 1e-11)
        basis.rotate(by: columns)
        #expect(basis.count == 18)
        for i in 0..<18 { #expect(largestDifference(basis.vector(i), expected[i]) < 1e-13) }
    }

    /// Three chunks of rows and a part of one, in memory and in a file: one projection against plain sums, and its bits.
    @Test func chunksAndFilesHaveTheSameBitsForAnyThreads() throws {
        let n = 3 * 8192 + 77, before = Threads.count
        defer { Threads.count = before }
        let vectors = (0..<37).map { RandomNumbers(seed: 6, stream: UInt64($0)).normals(n) }
        let columns = (0..<5).map { RandomNumbers(seed: 7, stream: UInt64($0)).normals(37) }
        let x = RandomNumbers(seed: 8).normals(n)
        var results: [[Double]] = []
        // All in memory; none, in slabs of as many vectors; 20 of 37.
        for (threads, room) in [(1, Int.max), (2, .max), (3, .max), (2, 0), (2, 20), (3, 20)] {
            Threads.count = threads
            let basis = KrylovBasis(
                dimension: n, capacity: 40, memoryLimit: room == .max ? .max : 8 * n * room)
            for vector in vectors {
                try basis.makeRoom()
                basis.append(vector)
            }
            #expect((0..<37).allSatisfy { basis.vector($0) == vectors[$0] })
            var y = x
            let (coefficients, norm) = basis.removeComponents(from: &y)
            var result = coefficients + [norm] + y + basis.coefficients(of: x) + basis.combination(columns[0])
            basis.rotate(by: columns)
            basis.trim()
            for i in 0..<5 { result += basis.vector(i) }
            results.append(result)
        }
        #expect(results[1...3].allSatisfy { $0 == results[0] } && results[4] == results[5])
        // Sums in another order: of 24 653 products of size up to 10.
        #expect(largestDifference(results[4], results[0]) < 1e-10)
        // Sums of 24 653 products of size up to 10: 1e-10.
        let first = Array(results[0][(37 + 1 + n)..<(37 + 1 + n + 37)])
        #expect(largestDifference(first, vectors.map { Vectors.dot($0, x) }) < 1e-10)
    }
}
