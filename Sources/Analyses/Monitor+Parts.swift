import ArrayFiles
import Essentials
import Foundation
import Objectives

extension Monitor {
    /// A part of an analysis whose result is kept as a whole, so that the gradients and products that it took can be forgotten.
    ///
    /// - Parameters:
    ///   - settings: all that the result depends on beside the objective and θ.
    ///   - vectors: numbers of the result that its encoding leaves out.
    func part<Result: Codable>(
        of objective: any Objective, at theta: [Double], _ settings: [String],
        vectors: WritableKeyPath<Result, [[Double]]>? = nil, compute: () throws -> Result
    ) throws -> Result {
        guard let journal, let key = key(of: objective, at: theta, settings) else { return try compute() }
        let numbers = try journal.part(key) { try Self.packed(compute(), vectors) }
        return try Self.unpacked(numbers, vectors)
    }

    /// What a part is found by; nil where results are not kept.
    func key(of objective: any Objective, at theta: [Double], _ settings: [String]) -> JournalKey? {
        guard journal != nil, let loss = objective as? ModelLoss else { return nil }
        var key = loss.identity
        key.add(theta)
        for setting in settings { key.add(setting) }
        return key.journal
    }

    /// As many numbers as hold the result's encoding, before them its bytes; then each vector, before it its length.
    static func packed<Result: Codable>(
        _ result: Result, _ vectors: WritableKeyPath<Result, [[Double]]>? = nil
    ) throws -> [Double] {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let bytes = try Array(encoder.encode(result))
        var words = [UInt64](repeating: 0, count: (bytes.count + 7) / 8)
        for (place, byte) in bytes.enumerated() { words[place / 8] |= UInt64(byte) << UInt64(8 * (place % 8)) }
        var numbers = [Double(bytes.count)] + words.map(Double.init(bitPattern:))
        for vector in vectors.map({ result[keyPath: $0] }) ?? [] { numbers += [Double(vector.count)] + vector }
        return numbers
    }

    static func unpacked<Result: Codable>(
        _ numbers: [Double], _ vectors: WritableKeyPath<Result, [[Double]]>? = nil
    ) throws -> Result {
        let count = Int(numbers[0]), words = numbers[1..<1 + (count + 7) / 8].map(\.bitPattern)
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64(8 * ($0 % 8))) }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        var result = try decoder.decode(Result.self, from: Data(bytes))
        guard let vectors else { return result }
        var place = 1 + words.count, found: [[Double]] = []
        while place < numbers.count {
            let length = Int(numbers[place])
            found.append(Array(numbers[place + 1..<place + 1 + length]))
            place += 1 + length
        }
        result[keyPath: vectors] = found
        return result
    }
}
