import Foundation

/// The name of a data set as `--data` takes it, such as `digits`, `mnist:DIR` or `npy:X.npy,Y.npy`.
public enum DataSpecification: Sendable, Hashable, CustomStringConvertible {
    /// The 1797 digits of 8 × 8 pixels that are part of the program.
    case digits
    /// The four IDX files of Fashion-MNIST; `nil` is the folder of Debian's package `dataset-fashion-mnist`.
    case fashionMNIST(folder: String?)
    /// A folder with the four IDX files of MNIST, plain or compressed by gzip.
    case mnist(folder: String)
    /// A folder with the binary version of CIFAR-10.
    case cifar10(folder: String)
    /// A folder with the binary version of CIFAR-100; targets are the 100 fine classes.
    case cifar100(folder: String)
    /// Two NPY files, of inputs and of targets.
    case npy(inputs: String, targets: String)
    /// An NPY file for each array of a model's inputs, of targets and of weights.
    case npyByName([NamedFile])
    /// An NPZ file with `x_train`, `y_train` (and `x_test`, `y_test`), or with `x`, `y`; or with arrays under the names of a
    /// model's inputs.
    case npz(file: String)
    /// A table with the class in its last column.
    case csv(file: String)
    /// MNIST-1D, generated (Greydanus, Kobak 2020, arXiv 2011.14439): signals of 40 numbers in ten classes.
    case mnist1D
    /// Two interleaved spirals in the plane, one for each class, generated.
    case spirals
    /// The Chebyshev polynomial of this degree at 20 points: regression (Cohen et al. 2021, arXiv 2103.00065).
    case chebyshev(degree: Int)

    /// A file of one array, and the array's name.
    public struct NamedFile: Sendable, Hashable {
        /// As a model calls its input; `labels`, `targets` or `y`; or `weight`.
        public var name: String
        /// Of an NPY file.
        public var path: String

        /// A file of an array of this name.
        public init(name: String, path: String) { (self.name, self.path) = (name, path) }
    }

    /// Every form, for help and messages.
    public static let forms =
        "digits, fashion-mnist[:DIR], mnist:DIR, cifar10:DIR, cifar100:DIR, npy:X.npy,Y.npy, npy:NAME=FILE,…, npz:FILE, csv:FILE, "
        + "mnist1d, spirals, chebyshev:K"

    /// The highest degree of a Chebyshev polynomial, 19; 20 points show no more.
    public static let maximalDegree = 19

    /// The data set that a text names.
    ///
    /// - Throws: `DatasetError.unknownSpecification` where no data set has that name, `DatasetError.badSpecification`
    ///   where a folder, a file or a degree is missing or not usable.
    public init(_ text: String) throws(DatasetError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let kind = parts.first.map(String.init) ?? ""
        let argument = parts.count == 2 && !parts[1].isEmpty ? String(parts[1]) : nil
        func path(_ form: String) throws(DatasetError) -> String {
            guard let argument else { throw .badSpecification(text, expected: form) }
            return argument
        }
        func alone(_ value: DataSpecification) throws(DatasetError) -> DataSpecification {
            guard parts.count == 1 else { throw .badSpecification(text, expected: "'\(kind)' alone") }
            return value
        }
        switch kind {
        case "digits": self = try alone(.digits)
        case "mnist1d": self = try alone(.mnist1D)
        case "spirals": self = try alone(.spirals)
        case "fashion-mnist": self = .fashionMNIST(folder: argument)
        case "mnist": self = .mnist(folder: try path("mnist:DIR with the four IDX files in DIR"))
        case "cifar10": self = .cifar10(folder: try path("cifar10:DIR with data_batch_1.bin … in DIR"))
        case "cifar100": self = .cifar100(folder: try path("cifar100:DIR with train.bin and test.bin in DIR"))
        case "npz": self = .npz(file: try path("npz:FILE"))
        case "csv": self = .csv(file: try path("csv:FILE"))
        case "npy":
            let form = "npy:X.npy,Y.npy or npy:NAME=FILE,NAME=FILE,…"
            if let files = try Self.namedFiles(try path(form), text) {
                self = .npyByName(files)
                break
            }
            guard let (inputs, targets) = Self.pair(try path(form)) else {
                throw .badSpecification(text, expected: form)
            }
            self = .npy(inputs: inputs, targets: targets)
        case "chebyshev":
            guard let degree = argument.flatMap({ Int($0) }), (1...Self.maximalDegree).contains(degree) else {
                throw .badSpecification(text, expected: "chebyshev:K with a degree K from 1 to \(Self.maximalDegree)")
            }
            self = .chebyshev(degree: degree)
        default: throw .unknownSpecification(text)
        }
    }

    /// `NAME=FILE,NAME=FILE`; nil for a text of another form, such as two paths of which one has an equals sign.
    private static func namedFiles(_ text: String, _ whole: String) throws(DatasetError) -> [NamedFile]? {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let files = parts.compactMap { part in
            part.prefixMatch(of: /([^=\/]+)=/).map {
                NamedFile(name: String($0.1), path: String(part[$0.range.upperBound...]))
            }
        }
        guard files.count == parts.count else {
            // Two paths may hold equals signs.
            if files.isEmpty || parts.count == 2 && !parts.contains("") { return nil }
            throw .badSpecification(whole, expected: "a name before every file, npy:NAME=FILE,NAME=FILE,…")
        }
        guard files.allSatisfy({ !$0.path.isEmpty }), Set(files.map(\.name)).count == files.count else {
            throw .badSpecification(whole, expected: "one file for each name, npy:NAME=FILE,NAME=FILE,…")
        }
        return files
    }

    /// Two paths with a comma between them. Where there are several commas, the first behind ".npy" separates.
    private static func pair(_ text: String) -> (String, String)? {
        let range = text.range(of: ".npy,").map { text.index(before: $0.upperBound) } ?? text.firstIndex(of: ",")
        guard let comma = range else { return nil }
        let (first, second) = (text[..<comma], text[text.index(after: comma)...])
        return first.isEmpty || second.isEmpty ? nil : (String(first), String(second))
    }

    /// The text that names the data; `init(_:)` reads it.
    public var description: String {
        switch self {
        case .digits: "digits"
        case .fashionMNIST(nil): "fashion-mnist"
        case .fashionMNIST(let folder?): "fashion-mnist:\(folder)"
        case .mnist(let folder): "mnist:\(folder)"
        case .cifar10(let folder): "cifar10:\(folder)"
        case .cifar100(let folder): "cifar100:\(folder)"
        case .npy(let inputs, let targets): "npy:\(inputs),\(targets)"
        case .npyByName(let files): "npy:" + files.map { "\($0.name)=\($0.path)" }.joined(separator: ",")
        case .npz(let file): "npz:\(file)"
        case .csv(let file): "csv:\(file)"
        case .mnist1D: "mnist1d"
        case .spirals: "spirals"
        case .chebyshev(let degree): "chebyshev:\(degree)"
        }
    }

    /// A shell does not expand the tilde in `npz:~/data.npz`.
    static func expanded(_ path: String) -> String {
        path.hasPrefix("~") ? (path as NSString).expandingTildeInPath : path
    }

    /// Reads or generates the examples of a split.
    ///
    /// - Parameter roles: which arrays are a model's inputs and targets, for data that have arrays under names; by default the one
    ///   of inputs and the one of targets that files have by convention.
    /// - Throws: `DatasetError` where files are missing, damaged or of another kind, where inputs and targets do not
    ///   fit each other, and where the data have no such split.
    public func load(_ split: Split = .train, _ roles: DataRoles = DataRoles()) throws(DatasetError) -> Dataset {
        try load(split, roles, namedArrays)
    }

    /// Both splits, as `load` gives them; a file of named arrays is opened once. No test split is nil.
    package func loadSplits(_ roles: DataRoles) throws(DatasetError) -> (train: Dataset, test: Dataset?) {
        let arrays = try namedArrays
        var test: Dataset?
        do throws(DatasetError) {
            test = try load(.test, roles, arrays)
        } catch {
            guard case .noTestSplit = error else { throw error }
        }
        return (try load(.train, roles, arrays), test)
    }

    /// The arrays of data that have them under names, opened; nil for other data.
    private var namedArrays: NamedArrays? {
        get throws(DatasetError) {
            switch self {
            case .npyByName(let files): NamedArrays(npy: files, name: description)
            case .npz(let file): try NamedArrays(npz: Self.expanded(file), name: description)
            default: nil
            }
        }
    }

    private func load(
        _ split: Split, _ roles: DataRoles, _ arrays: NamedArrays?
    ) throws(DatasetError) -> Dataset {
        if let arrays {
            if let roles = try self.roles(roles, in: arrays) { return try arrays.dataset(split, roles) }
            return try arrays.conventionalDataset(split, ignoreIndex: roles.ignoreIndex)
        }
        guard roles.inputs.count < 2 else {
            throw .needsNames(name: description, inputs: roles.inputs.map(\.name))
        }
        return switch self {
        case .digits: try Digits.load(split)
        case .fashionMNIST(let folder):
            try ImageFolder.fashionMNIST(folder.map(Self.expanded), split, name: description)
        case .mnist(let folder): try ImageFolder.load(Self.expanded(folder), split, name: description)
        case .cifar10(let folder): try CIFAR.ten(Self.expanded(folder), split, name: description)
        case .cifar100(let folder): try CIFAR.hundred(Self.expanded(folder), split, name: description)
        case .npy(let inputs, let targets):
            try ArrayPair.npy(
                Self.expanded(inputs), Self.expanded(targets), split, name: description,
                ignoreIndex: roles.ignoreIndex)
        case .npyByName, .npz: preconditionFailure("data of named arrays without them")
        case .csv(let file):
            try ArrayPair.csv(Self.expanded(file), split, name: description, ignoreIndex: roles.ignoreIndex)
        case .mnist1D: MNIST1D.load(split)
        case .spirals: Spirals.load(split)
        case .chebyshev(let degree): try Chebyshev.load(degree, split)
        }
    }
}

extension DataSpecification {
    /// What arrays are for a model that has its inputs among them; nil where they are under the names that files have by convention.
    /// Where no model says what its inputs are, the one array that is neither targets nor weights is the input.
    private func roles(_ roles: DataRoles, in arrays: NamedArrays) throws(DatasetError) -> DataRoles? {
        if !roles.inputs.isEmpty {
            guard roles.inputs.count == 1, roles.hasTarget, !arrays.holds(roles) else { return roles }
            // A model of one input takes what files have by convention, too, and the one array that can be it.
            if arrays.hasConvention { return nil }
            let inputs = arrays.inputNames(besides: roles.target)
            guard inputs.count == 1 else { return roles }
            var roles = roles
            roles.inputs[0].name = inputs[0]
            return roles
        }
        if case .npz = self, arrays.hasConvention, roles.target == nil, !arrays.contains(DataRoles.weightName) {
            return nil
        }
        let inputs = arrays.inputNames(besides: roles.target)
        guard inputs.count == 1, let input = inputs.first else {
            if case .npz = self { return nil }
            throw .needsOneInput(name: description, found: inputs)
        }
        var roles = roles
        roles.inputs = [DataRoles.Input(name: input, isInteger: try arrays.isTokens(input))]
        return roles
    }
}

extension DataSpecification: Codable {
    /// Reads the data's name from an encoded string.
    ///
    /// - Throws: `DatasetError` where it names no data, the decoder's error where it is no string.
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the data's name as a string.
    ///
    /// - Throws: the encoder's errors.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
