import ArrayFiles
import Essentials
import Foundation

/// Data that a user brings as arrays of inputs and targets.
enum ArrayPair {
    static func npy(
        _ inputs: String, _ targets: String, _ split: Split, name: String,
        streamedSize: Int = ArrayContent.streamedSize, ignoreIndex: Int = IgnoredLabel.standard
    ) throws(DatasetError) -> Dataset {
        guard split == .train else { throw .noTestSplit(name) }
        let (x, y) = try inFile { () throws(FileError) in
            (try ArrayContent.npy(inputs, streamedSize: streamedSize), try NPY.read(targets))
        }
        return try dataset(x, y, name: name, ignoreIndex: ignoreIndex)
    }

    /// Inputs, in memory or in their file, with their targets.
    static func dataset(
        _ x: ArrayContent, _ y: NumericArray, name: String, ignoreIndex: Int = IgnoredLabel.standard
    ) throws(DatasetError) -> Dataset {
        let (targets, targetShape) = try shapedTargets(y, name: name, ignoreIndex: ignoreIndex)
        switch x {
        case .read(let array): return try dataset(array, targets: targets, targetShape, name: name)
        case .streamed(let array): return try streamed(array, targets, targetShape, name: name)
        }
    }

    private static func streamed(
        _ array: StreamedArray, _ targets: Dataset.Targets, _ targetShape: [Int], name: String
    ) throws(DatasetError) -> Dataset {
        // Tokens are integers in two dimensions.
        guard array.shape.count != 2 || array.type.isFloatingPoint || [.uint8, .bool].contains(array.type) else {
            throw .file(.tooLarge(path: array.path, bytes: array.byteCount, limit: ArrayContent.streamedSize))
        }
        let shape = try exampleShape(array.shape, targets, targetShape, name: name)
        let area = shape.count == 3 ? shape[1] * shape[2] : 1
        let file = StreamedInputs(array, width: shape.reduce(1, *), examples: array.shape[0], area: area)
        try checkStreamed(file, path: array.path, name: name)
        var result = Dataset(
            name: name, arrays: [.init(name: "", values: .streamed(file), shape: shape)], targets: targets,
            targetShape: targetShape)
        result.remarks = byteRemarks(array.type, array.shape)
        return result
    }

    /// Refuses rows that hold what no number is: one that is not finite, or no token where tokens are expected.
    static func checkStreamed(_ file: StreamedInputs, path: String, name: String) throws(DatasetError) {
        guard file.array.type.isFloatingPoint || file.isTokens else { return }
        do {
            try file.forEachChunk { rows, values in
                let isFit: (Double) -> Bool =
                    file.isTokens ? { 0...Double(Int32.max) ~= $0 } : { $0.isFinite }
                guard let place = values.firstIndex(where: { !isFit($0) }) else { return }
                let row = rows.lowerBound + place / file.width
                throw file.isTokens
                    ? DatasetError.tokenOutOfRange(name: name, row: row, value: Int(exactly: values[place]) ?? .max)
                    : .nonFiniteInput(name: name, row: row, value: values[place])
            }
        } catch let problem as DatasetError {
            throw problem
        } catch {
            throw .file(.unreadable(path: path, reason: "\(error)"))
        }
    }

    static func csv(
        _ path: String, _ split: Split, name: String, ignoreIndex: Int = IgnoredLabel.standard
    ) throws(DatasetError) -> Dataset {
        guard split == .train else { throw .noTestSplit(name) }
        let table = try inFile { () throws(FileError) in try CSV.read(path) }
        guard table.columns >= 2 else { throw .tooFewColumns(name: name) }
        let width = table.columns - 1
        var inputs: [Double] = []
        inputs.reserveCapacity(table.rows * width)
        var labels: [Double] = []
        for row in 0..<table.rows {
            let start = row * table.columns
            inputs += table.values[start..<(start + width)]
            labels.append(table.values[start + width])
        }
        let count = table.rows
        let x = NumericArray(inputs, shape: [count, width])
        var result = try dataset(x, targets: try classes(labels, name: name, ignoreIndex: ignoreIndex), name: name)
        if let header = table.header { result.remarks.append("the first line holds names: \(header.shown)") }
        return result
    }

    private static func dataset(
        _ x: NumericArray, targets: Dataset.Targets, _ targetShape: [Int]? = nil, name: String
    ) throws(DatasetError) -> Dataset {
        let shape = try exampleShape(x.shape, targets, targetShape, name: name)
        var result = Dataset(
            name: name, arrays: [.init(name: "", values: try inputs(x, name: name), shape: shape)], targets: targets,
            targetShape: targetShape)
        result.remarks = byteRemarks(x.type, x.shape, areFractions: ByteFractions.areImages(x))
        return result
    }

    /// How bytes are taken.
    static func byteRemarks(_ type: ElementType, _ shape: [Int], areFractions: Bool? = nil) -> [String] {
        guard type == .uint8 else { return [] }
        guard ByteFractions.isImages(shape) else {
            return [
                "the bytes of the table are taken as numbers from 0 to 255; store images as N×H×W or N×C×H×W to have them divided by 255"
            ]
        }
        return [
            areFractions ?? true
                ? "the bytes of the images are divided by 255" : "bytes that are all 0 or 1 are taken as they are"
        ]
    }

    /// The shape of one example of inputs N×…, of which there must be as many as targets.
    private static func exampleShape(
        _ shape: [Int], _ targets: Dataset.Targets, _ targetShape: [Int]? = nil, name: String
    ) throws(DatasetError) -> [Int] {
        guard let count = shape.first, shape.count <= 8, !shape.dropFirst().contains(0) else {
            throw .unusableShape(name: name, shape: shape)
        }
        let found =
            switch targets {
            case .classes(let labels, _): labels.count / max(1, (targetShape ?? []).reduce(1, *))
            case .values(let values, let width): values.count / width
            case .none: count
            }
        guard count == found else { throw .countMismatch(name: name, inputs: count, targets: found) }
        guard count > 0 else { throw .noExamples(name) }
        return switch shape.count {
        case 1: [1]
        case 3: [1] + shape.dropFirst()
        default: Array(shape.dropFirst())
        }
    }

    /// Bytes of images become fractions of 255, other bytes numbers; other integers are tokens in two dimensions and
    /// plain numbers otherwise.
    static func inputs(_ x: NumericArray, name: String) throws(DatasetError) -> Dataset.Inputs {
        let width = max(1, x.count / max(1, x.shape.first ?? 1))
        switch x.type {
        case .uint8:
            return .floats(ByteFractions.areImages(x) ? ByteFractions.of(x.bytes) : x.floats)
        case .float64:
            let values = x.doubles
            if let place = values.firstIndex(where: { !$0.isFinite }) {
                throw .nonFiniteInput(name: name, row: place / width, value: values[place])
            }
            return .doubles(values)
        case .float32, .float16, .bfloat16:
            let values = x.floats
            if let place = values.firstIndex(where: { !$0.isFinite }) {
                throw .nonFiniteInput(name: name, row: place / width, value: Double(values[place]))
            }
            return .floats(values)
        case .bool:
            return .floats(x.floats)
        case .int64, .int32, .int16, .int8, .uint64, .uint32, .uint16:
            guard x.shape.count == 2 else { return .doubles(x.doubles) }
            return .tokens(try tokens(x, name: name))
        }
    }

    /// Integers that are all from 0, as tokens are.
    private static func tokens(_ x: NumericArray, name: String) throws(DatasetError) -> [Int32] {
        let width = max(1, x.count / max(1, x.shape.first ?? 1)), values: [Int]
        do {
            values = try x.integers()
        } catch {
            throw .array(name: name, problem: error)
        }
        var tokens: [Int32] = []
        tokens.reserveCapacity(values.count)
        for (place, value) in values.enumerated() {
            guard value >= 0, let token = Int32(exactly: value) else {
                throw .tokenOutOfRange(name: name, row: place / width, value: value)
            }
            tokens.append(token)
        }
        return tokens
    }

    /// For a model's input of whole numbers: tokens where they are all from 0, else as they are.
    static func wholes(_ x: NumericArray, name: String) throws(DatasetError) -> Dataset.Inputs {
        (try? tokens(x, name: name)).map { .tokens($0) } ?? .doubles(x.doubles)
    }

    /// For a model's input of real numbers: whole ones are numbers, too.
    static func reals(_ x: NumericArray, name: String) throws(DatasetError) -> Dataset.Inputs {
        switch x.type {
        case .int64, .int32, .int16, .int8, .uint64, .uint32, .uint16: .doubles(x.doubles)
        default: try inputs(x, name: name)
        }
    }

    /// Integers, or N real numbers that are all whole and not negative (as tables often store labels), are classes;
    /// other real numbers are values to regress on, of an example one after another (images, for an autoencoder).
    static func targets(
        _ y: NumericArray, name: String, ignoreIndex: Int = IgnoredLabel.standard
    ) throws(DatasetError) -> Dataset.Targets {
        guard (1...6).contains(y.shape.count), !y.shape.dropFirst().contains(0) else {
            throw .unusableTargets(name: name, shape: y.shape)
        }
        let isColumn = y.shape.count == 1 || (y.shape.count == 2 && y.shape[1] == 1)
        let width = y.shape.dropFirst().reduce(1, *)
        if y.type.isFloatingPoint {
            let values = y.doubles
            if let place = values.firstIndex(where: { !$0.isFinite }) {
                throw .nonFiniteTarget(name: name, row: place / width, value: values[place])
            }
            // −100 in a real column is a number, unless it was named.
            let ignored = ignoreIndex == IgnoredLabel.standard ? nil : Double(ignoreIndex)
            let areLabels = values.allSatisfy {
                $0 == $0.rounded(.towardZero) && (0..<Double(Dataset.maximalClasses) ~= $0 || $0 == ignored)
            }
            return isColumn && areLabels
                ? try classes(values, name: name, ignoreIndex: ignoreIndex) : .values(values, width: width)
        }
        let labels: [Int]
        do {
            labels = try y.integers()
        } catch {
            throw .array(name: name, problem: error)
        }
        return try classes(labels, name: name, width: width, ignoreIndex: ignoreIndex)
    }

    /// Targets, and their shape for one example.
    static func shapedTargets(
        _ y: NumericArray, name: String, ignoreIndex: Int
    ) throws(DatasetError) -> (targets: Dataset.Targets, shape: [Int]) {
        let targets = try targets(y, name: name, ignoreIndex: ignoreIndex), shape = Array(y.shape.dropFirst())
        switch targets {
        // A column of labels is a label an example.
        case .classes, .none: return (targets, shape == [1] ? [] : shape)
        case .values: return (targets, shape.isEmpty ? [1] : shape)
        }
    }

    private static func classes(
        _ labels: [Double], name: String, ignoreIndex: Int
    ) throws(DatasetError) -> Dataset.Targets {
        var whole: [Int] = []
        whole.reserveCapacity(labels.count)
        for (row, value) in labels.enumerated() {
            guard value.isFinite else { throw .nonFiniteTarget(name: name, row: row, value: value) }
            guard let label = Int(exactly: value) else { throw .labelNotIntegral(name: name, row: row, value: value) }
            whole.append(label)
        }
        return try classes(whole, name: name, width: 1, ignoreIndex: ignoreIndex)
    }

    /// - Parameter ignoreIndex: the label that does not count, and need not be from 0.
    private static func classes(
        _ labels: [Int], name: String, width: Int, ignoreIndex: Int
    ) throws(DatasetError) -> Dataset.Targets {
        var most = -1
        for (place, label) in labels.enumerated() where label != ignoreIndex {
            let row = place / max(1, width)
            if label < 0 { throw .labelNegative(name: name, row: row, value: label) }
            if label >= Dataset.maximalClasses { throw .labelTooLarge(name: name, row: row, value: label) }
            most = max(most, label)
        }
        return .classes(labels.map { Int32(clamping: $0) }, count: most + 1)
    }

    /// A file's error as this module's.
    static func inFile<Value>(_ body: () throws(FileError) -> Value) throws(DatasetError) -> Value {
        do {
            return try body()
        } catch {
            throw .file(error)
        }
    }
}
