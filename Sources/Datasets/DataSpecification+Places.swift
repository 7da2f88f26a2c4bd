import Essentials
import Foundation

/// Paths that data are named by, and where a checkpoint finds them again.
extension DataSpecification {
    /// The same data under other paths.
    func mappingPaths(_ map: (String) -> String) -> DataSpecification {
        switch self {
        case .fashionMNIST(let folder): .fashionMNIST(folder: folder.map(map))
        case .mnist(let folder): .mnist(folder: map(folder))
        case .cifar10(let folder): .cifar10(folder: map(folder))
        case .cifar100(let folder): .cifar100(folder: map(folder))
        case .npy(let inputs, let targets): .npy(inputs: map(inputs), targets: map(targets))
        case .npyByName(let files): .npyByName(files.map { NamedFile(name: $0.name, path: map($0.path)) })
        case .npz(let file): .npz(file: map(file))
        case .csv(let file): .csv(file: map(file))
        case .digits, .mnist1D, .spirals, .chebyshev: self
        }
    }

    /// The files and folders that are named, as they are.
    public var paths: [String] {
        var paths: [String] = []
        _ = mappingPaths { path in
            paths.append(path)
            return path
        }
        return paths
    }

    /// The same data with absolute paths.
    public var absolute: DataSpecification { mappingPaths(Self.absolute) }

    private static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: expanded(path)).standardizedFileURL.path
    }

    /// Whether all files and folders are there.
    public var isThere: Bool {
        paths.allSatisfy { FilePath.exists(Self.expanded($0)) }
    }

    /// The same data as they are named from a folder; paths that are absolute stay.
    public func named(from folder: String) -> DataSpecification {
        mappingPaths { path in
            Self.isRelative(path) && !folder.isEmpty ? (folder as NSString).appendingPathComponent(path) : path
        }
    }

    /// The same data by the last names of their paths, in a folder.
    public func beside(_ folder: String) -> DataSpecification {
        mappingPaths { path in
            let name = (path as NSString).lastPathComponent
            return folder.isEmpty ? name : (folder as NSString).appendingPathComponent(name)
        }
    }

    /// The same data as they are named from the folder of a file that is about to be written; nil where that would say
    /// more of a path than is said already: of data elsewhere than beside the file or below, and not named from the same
    /// folder as the file.
    public func relative(toFolderOf file: String) -> DataSpecification? {
        let folder = FilePath.folder(of: file), home = Self.absolute(folder.isEmpty ? "." : folder)
        var isKnown = !paths.isEmpty
        let result = mappingPaths { path in
            guard let relative = Self.relative(path, to: folder, absolute: home) else {
                isKnown = false
                return path
            }
            return relative
        }
        return isKnown ? result : nil
    }

    private static func relative(_ path: String, to folder: String, absolute home: String) -> String? {
        let whole = absolute(path), prefix = home == "/" ? "/" : home + "/"
        if whole.hasPrefix(prefix) { return String(whole.dropFirst(prefix.count)) }
        guard isRelative(path), isRelative(folder) else { return nil }
        var from = normalized(folder)[...], to = normalized(path)[...]
        while let first = from.first, first == to.first {
            from.removeFirst()
            to.removeFirst()
        }
        // The way back out of a folder that is only called ".." is not known.
        guard !from.contains(".."), !to.isEmpty else { return nil }
        return (from.map { _ in ".." } + to).joined(separator: "/")
    }

    private static func isRelative(_ path: String) -> Bool { !path.hasPrefix("/") && !path.hasPrefix("~") }

    /// The names on a relative path, without "." and without ".." that can be resolved.
    private static func normalized(_ path: String) -> [String] {
        var names: [String] = []
        for name in path.split(separator: "/").map(String.init) where name != "." {
            if name == "..", let last = names.last, last != ".." {
                names.removeLast()
            } else {
                names.append(name)
            }
        }
        return names
    }
}
