import ArrayFiles
import Foundation

/// Arrays that a user brings under names, in an NPZ file or in an NPY file each.
struct NamedArrays {
    /// As the data are named, for messages.
    let name: String
    private let source: Source

    private enum Source {
        case archive(NPZ, path: String)
        case files([String: String], order: [String])
    }

    /// Arrays of more bytes stay in their file, where they are the inputs.
    private let streamedSize: Int

    init(
        npz path: String, name: String, streamedSize: Int = ArrayContent.streamedSize
    ) throws(DatasetError) {
        (self.name, self.streamedSize) = (name, streamedSize)
        source = .archive(try ArrayPair.inFile { () throws(FileError) in try NPZ.read(path) }, path: path)
    }

    init(
        npy files: [DataSpecification.NamedFile], name: String, streamedSize: Int = ArrayContent.streamedSize
    ) {
        (self.name, self.streamedSize) = (name, streamedSize)
        source = .files(
            Dictionary(files.map { ($0.name, DataSpecification.expanded($0.path)) }) { first, _ in first },
            order: files.map(\.name))
    }

    /// In the order of the file.
    var names: [String] {
        switch source {
        case .archive(let archive, _): archive.names
        case .files(_, let order): order
        }
    }

    func contains(_ name: String) -> Bool {
        switch source {
        case .archive(let archive, _): archive.contains(name)
        case .files(let files, _): files[name] != nil
        }
    }

    /// Whether every input of a model is there.
    func holds(_ roles: DataRoles) -> Bool { roles.inputs.allSatisfy { contains($0.name) } }

    /// Names of arrays that are neither targets, weights nor those of the test split.
    func inputNames(besides target: String?) -> [String] {
        let target = target ?? DataRoles.targetNames.first(where: contains)
        return names.filter { name in
            name != target && name != DataRoles.weightName
                && !(name.hasSuffix("_test") && contains(String(name.dropLast(5))))
        }
    }

    /// Whether an array is what data of one input take for tokens: integers in two dimensions.
    func isTokens(_ key: String) throws(DatasetError) -> Bool {
        let content = try content(key)
        return !content.type.isFloatingPoint && ![.uint8, .bool].contains(content.type) && content.shape.count == 2
    }

    /// The name of an array of a split.
    private static func key(_ name: String, _ split: Split) -> String { split == .train ? name : name + "_test" }

    /// The examples of a split as a model takes them.
    func dataset(_ split: Split, _ roles: DataRoles) throws(DatasetError) -> Dataset {
        let missing = roles.inputs.filter { !contains($0.name) }
        guard missing.isEmpty else {
            throw .missingInputs(name: name, found: names, missing: missing.map(\.name))
        }
        let absent = roles.inputs.map { Self.key($0.name, split) }.filter { !contains($0) }
        guard absent.count < roles.inputs.count else { throw .noTestSplit(name) }
        guard absent.isEmpty else { throw .missingInputs(name: name, found: names, missing: absent) }
        let target = try targetName(roles)
        var arrays: [Dataset.Input] = [], remarks: [String] = []
        var count: Int?
        for role in roles.inputs {
            let key = Self.key(role.name, split), content = try content(key)
            guard let examples = content.shape.first, !content.shape.dropFirst().contains(0) else {
                throw .unusableArray(name: name, array: key, shape: content.shape)
            }
            guard examples > 0 else { throw .noExamples(name) }
            guard count ?? examples == examples else {
                throw .arrayCountMismatch(name: name, array: key, found: examples, expected: count ?? 0)
            }
            count = examples
            let shape = Array(content.shape.dropFirst())
            if !role.isInteger {
                var areFractions: Bool?
                if case .read(let array) = content { areFractions = ByteFractions.areImages(array) }
                remarks += ArrayPair.byteRemarks(content.type, content.shape, areFractions: areFractions).map {
                    roles.inputs.count > 1 ? "\(key): \($0)" : $0
                }
            }
            arrays.append(
                .init(name: role.name, values: try inputs(content, key, role.isInteger, shape), shape: shape))
        }
        guard let count else { throw .noExamples(name) }
        let takesWeight = roles.inputs.contains { $0.name == DataRoles.weightName }
        func check(_ array: NumericArray, _ key: String) throws(DatasetError) {
            guard array.shape.first == count else {
                throw .arrayCountMismatch(name: name, array: key, found: array.shape.first ?? 0, expected: count)
            }
        }
        var targets = Dataset.Targets.none, shape: [Int] = []
        if let target {
            let key = Self.key(target, split), labels = try read(key)
            try check(labels, key)
            (targets, shape) = try ArrayPair.shapedTargets(labels, name: name, ignoreIndex: roles.ignoreIndex)
            // Both splits have the classes of either: a model is made for all of them.
            let other = Self.key(target, split == .train ? .test : .train)
            if case .classes(let own, let classes) = targets, contains(other) {
                let found = try ArrayPair.shapedTargets(try read(other), name: name, ignoreIndex: roles.ignoreIndex)
                if case .classes(_, let more) = found.targets { targets = .classes(own, count: max(classes, more)) }
            }
        }
        var weights: Dataset.Weights?
        let weightKey = Self.key(DataRoles.weightName, split)
        if !takesWeight, contains(DataRoles.weightName), !contains(weightKey) {
            throw .missingInputs(name: name, found: names, missing: [weightKey])
        }
        if contains(weightKey), !takesWeight {
            let array = try read(weightKey)
            try check(array, weightKey)
            weights = try Self.weights(array, of: shape, name: name)
        }
        var result = Dataset(name: name, arrays: arrays, targets: targets, targetShape: shape, weights: weights)
        result.remarks = remarks
        return result
    }

    /// Weights of examples, or of their elements: [n], or [n, …] with the first extents of the targets.
    static func weights(
        _ array: NumericArray, of targetShape: [Int], name: String
    ) throws(DatasetError) -> Dataset.Weights {
        var shape = Array(array.shape.dropFirst())
        if shape == [1], targetShape.first != 1 { shape = [] }
        // Extents of 1 come and go.
        let own = shape.filter { $0 != 1 }
        guard own == Array(targetShape.filter { $0 != 1 }.prefix(own.count)) else {
            throw .unusableWeights(name: name, shape: array.shape, targets: targetShape)
        }
        let values = array.doubles
        if let place = values.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
            throw .badWeight(name: name, row: place / max(1, shape.reduce(1, *)), value: values[place])
        }
        return Dataset.Weights(values, shape: shape)
    }

    private func targetName(_ roles: DataRoles) throws(DatasetError) -> String? {
        guard roles.hasTarget else { return nil }
        if let target = roles.target {
            guard contains(target) else { throw .missingTarget(name: name, found: names) }
            return target
        }
        let inputs = Set(roles.inputs.map(\.name))
        let found = DataRoles.targetNames.filter { contains($0) && !inputs.contains($0) }
        guard let target = found.first else { throw .missingTarget(name: name, found: names) }
        guard found.count == 1 else { throw .severalTargets(name: name, found: found) }
        return target
    }

    func read(_ key: String) throws(DatasetError) -> NumericArray {
        try find(
            key, { (archive, name) throws(NPZError) in try archive.array(name) },
            { (path) throws(FileError) in try NPY.read(path) })
    }

    /// An array that may stay in its file.
    func content(_ key: String) throws(DatasetError) -> ArrayContent {
        try find(
            key,
            { (archive, name) throws(NPZError) in
                try ArrayContent.member(name, of: archive, streamedSize: streamedSize)
            }, { (path) throws(FileError) in try ArrayContent.npy(path, streamedSize: streamedSize) })
    }

    private func find<Found>(
        _ key: String, _ inArchive: (NPZ, String) throws(NPZError) -> Found,
        _ inFile: (String) throws(FileError) -> Found
    ) throws(DatasetError) -> Found {
        try ArrayPair.inFile { () throws(FileError) in
            switch source {
            case .archive(let archive, let path):
                try FileError.in(path) { () throws(NPZError) in try inArchive(archive, key) }
            case .files(let files, _): try inFile(files[key] ?? key)
            }
        }
    }

    /// What a model takes for reals or for whole numbers.
    private func inputs(
        _ content: ArrayContent, _ key: String, _ isInteger: Bool, _ shape: [Int]
    ) throws(DatasetError) -> Dataset.Inputs {
        if isInteger, content.type.isFloatingPoint {
            throw .notWhole(name: name, array: key, type: content.type.rawValue)
        }
        switch content {
        case .read(let array):
            return isInteger ? try ArrayPair.wholes(array, name: name) : try ArrayPair.reals(array, name: name)
        case .streamed(let array):
            let area = shape.count == 3 ? shape[1] * shape[2] : 1
            let file = StreamedInputs(
                array, width: shape.reduce(1, *), examples: array.shape[0], area: area, isTokens: isInteger)
            try ArrayPair.checkStreamed(file, path: array.path, name: name)
            return .streamed(file)
        }
    }
}
