import ArrayFiles
import Foundation

/// Data that a user brings as arrays of inputs and targets.
enum ArrayPair {
    /// Inputs of more bytes than this stay in their file: an eighth of the memory, since a file, the numbers made of it and those
    /// that are computed with are in memory together.
    static let streamedSize = FileContent.defaultLimit / 4

    static func npy(
        _ inputs: String, _ targets: String, _ split: Split, name: String, streamedSize: Int = streamedSize
    ) throws(DatasetError) -> Dataset {
        guard split == .train else { throw .noTestSplit(name) }
        var information = stat()
        if stat(inputs, &information) == 0, information.st_mode & S_IFMT == S_IFREG,
            Int(information.st_size) > streamedSize
        {
            return try streamed(inputs, targets, name: name)
        }
        let (x, y) = try inFile { () throws(FileError) in (try NPY.read(inputs), try NPY.read(targets)) }
        return try dataset(x, y, name: name)
    }

    private static func streamed(
        _ inputs: String, _ targets: String, name: String
    ) throws(DatasetError) -> Dataset {
        let array = try inFile { () throws(FileError) in try StreamedArray(npy: inputs) }
        let y = try inFile { () throws(FileError) in try NPY.read(targets) }
        // Tokens are integers in two dimensions.
        guard array.shape.count != 2 || array.type.isFloatingPoint || [.uint8, .bool].contains(array.type) else {
            throw .file(.tooLarge(path: inputs, bytes: array.shape.reduce(array.type.size, *), limit: streamedSize))
        }
        let found = try Self.targets(y, name: name)
        let shape = try exampleShape(array.shape, found, name: name)
        let area = shape.count == 3 ? shape[1] * shape[2] : 1
        let file = StreamedInputs(array, width: shape.reduce(1, *), examples: array.shape[0], area: area)
        do {
            if array.type.isFloatingPoint {
                try file.forEachChunk { rows, values in
                    guard let place = values.firstIndex(where: { !$0.isFinite }) else { return }
                    throw DatasetError.nonFiniteInput(
                        name: name, row: rows.lowerBound + place / file.width, value: values[place])
                }
            }
        } catch let problem as DatasetError {
            throw problem
        } catch {
            throw .file(.unreadable(path: inputs, reason: "\(error)"))
        }
        var result = Dataset(name: name, inputs: .streamed(file), exampleShape: shape, targets: found)
        result.remarks = byteRemarks(array.type, array.shape)
        return result
    }

    static func npz(_ path: String, _ split: Split, name: String) throws(DatasetError) -> Dataset {
        let archive = try inFile { () throws(FileError) in try NPZ.read(path) }
        func array(_ name: String) throws(DatasetError) -> NumericArray {
            try inFile { () throws(FileError) in
                try FileError.in(path) { () throws(NPZError) in try archive.array(name) }
            }
        }
        if archive.contains("x_train") && archive.contains("y_train") {
            let hasTest = archive.contains("x_test") && archive.contains("y_test")
            if split == .test && !hasTest { throw .noTestSplit(name) }
            let result = try dataset(
                try array(split == .train ? "x_train" : "x_test"), try array(split == .train ? "y_train" : "y_test"),
                name: name)
            guard hasTest, case .classes(let labels, let count) = result.targets else { return result }
            // Both splits have the classes of either: a model is made for all of them.
            let other = try array(split == .train ? "y_test" : "y_train")
            guard case .classes(_, let otherCount) = try targets(other, name: name) else { return result }
            return result.with(targets: .classes(labels, count: max(count, otherCount)))
        }
        let names = [("x", "y"), ("X", "y"), ("X", "Y"), ("images", "labels")]
        guard let pair = names.first(where: { archive.contains($0.0) && archive.contains($0.1) }) else {
            throw .missingArrays(name: name, found: archive.names)
        }
        guard split == .train else { throw .noTestSplit(name) }
        return try dataset(try array(pair.0), try array(pair.1), name: name)
    }

    static func csv(_ path: String, _ split: Split, name: String) throws(DatasetError) -> Dataset {
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
        var result = try dataset(x, targets: try classes(labels, name: name), name: name)
        if let header = table.header { result.remarks.append("the first line holds names: \(header.shown)") }
        return result
    }

    static func dataset(_ x: NumericArray, _ y: NumericArray, name: String) throws(DatasetError) -> Dataset {
        try dataset(x, targets: try targets(y, name: name), name: name)
    }

    private static func dataset(
        _ x: NumericArray, targets: Dataset.Targets, name: String
    ) throws(DatasetError) -> Dataset {
        let shape = try exampleShape(x.shape, targets, name: name)
        var result = Dataset(
            name: name, inputs: try inputs(x, name: name), exampleShape: shape, targets: targets)
        result.remarks = byteRemarks(x.type, x.shape)
        return result
    }

    /// How bytes are taken.
    private static func byteRemarks(_ type: ElementType, _ shape: [Int]) -> [String] {
        guard type == .uint8 else { return [] }
        return [
            ByteFractions.isImages(shape)
                ? "the bytes of the images are divided by 255"
                : "the bytes of the table are taken as numbers from 0 to 255; store images as N×H×W or N×C×H×W to have them divided by 255"
        ]
    }

    /// The shape of one example of inputs N×…, of which there must be as many as targets.
    private static func exampleShape(
        _ shape: [Int], _ targets: Dataset.Targets, name: String
    ) throws(DatasetError) -> [Int] {
        guard let count = shape.first, shape.count <= 4, !shape.dropFirst().contains(0) else {
            throw .unusableShape(name: name, shape: shape)
        }
        let found =
            switch targets {
            case .classes(let labels, _): labels.count
            case .values(let values, let width): values.count / width
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
            return .floats(ByteFractions.isImages(x.shape) ? ByteFractions.of(x.bytes) : x.floats)
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
            var tokens: [Int32] = []
            tokens.reserveCapacity(x.count)
            let values: [Int]
            do {
                values = try x.integers()
            } catch {
                throw .array(name: name, problem: error)
            }
            for (place, value) in values.enumerated() {
                guard value >= 0, let token = Int32(exactly: value) else {
                    throw .tokenOutOfRange(name: name, row: place / width, value: value)
                }
                tokens.append(token)
            }
            return .tokens(tokens)
        }
    }

    /// N integers, or N real numbers that are all whole and not negative (as tables often store labels), are classes;
    /// other real numbers are values to regress on, of an example one after another (images, for an autoencoder).
    static func targets(_ y: NumericArray, name: String) throws(DatasetError) -> Dataset.Targets {
        let isColumn = y.shape.count == 1 || (y.shape.count == 2 && y.shape[1] == 1)
        if y.type.isFloatingPoint {
            guard (1...6).contains(y.shape.count), !y.shape.dropFirst().contains(0) else {
                throw .unusableTargets(name: name, shape: y.shape)
            }
            let width = y.shape.dropFirst().reduce(1, *)
            let values = y.doubles
            if let place = values.firstIndex(where: { !$0.isFinite }) {
                throw .nonFiniteTarget(name: name, row: place / width, value: values[place])
            }
            let areLabels = values.allSatisfy {
                $0 >= 0 && $0 < Double(Dataset.maximalClasses) && $0 == $0.rounded(.towardZero)
            }
            return isColumn && areLabels ? try classes(values, name: name) : .values(values, width: width)
        }
        guard isColumn else { throw .unusableTargets(name: name, shape: y.shape) }
        let labels: [Int]
        do {
            labels = try y.integers()
        } catch {
            throw .array(name: name, problem: error)
        }
        return try classes(labels, name: name)
    }

    private static func classes(_ labels: [Double], name: String) throws(DatasetError) -> Dataset.Targets {
        var whole: [Int] = []
        whole.reserveCapacity(labels.count)
        for (row, value) in labels.enumerated() {
            guard value.isFinite else { throw .nonFiniteTarget(name: name, row: row, value: value) }
            guard let label = Int(exactly: value) else { throw .labelNotIntegral(name: name, row: row, value: value) }
            whole.append(label)
        }
        return try classes(whole, name: name)
    }

    private static func classes(_ labels: [Int], name: String) throws(DatasetError) -> Dataset.Targets {
        for (row, label) in labels.enumerated() {
            if label < 0 { throw .labelNegative(name: name, row: row, value: label) }
            if label >= Dataset.maximalClasses { throw .labelTooLarge(name: name, row: row, value: label) }
        }
        return .classes(labels.map { Int32($0) }, count: (labels.max() ?? -1) + 1)
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
