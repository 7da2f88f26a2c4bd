import ArrayFiles
import Essentials
import Foundation

/// Folders with the four IDX files of MNIST or a successor, plain or compressed by gzip.
enum ImageFolder {
    /// Where Debian's package dataset-fashion-mnist puts its files: in `datasets/fashion-mnist` of a folder of shared
    /// data. Those are listed in XDG_DATA_DIRS (XDG Base Directory Specification), which says where they are if unset.
    static var fashionFolders: [String] {
        let listed = ProcessInfo.processInfo.environment["XDG_DATA_DIRS"] ?? ""
        let shared = (listed.isEmpty ? "" : listed + ":") + "/usr/local/share:/usr/share"
        return shared.split(separator: ":").map {
            ("\($0)" as NSString).appendingPathComponent("datasets/fashion-mnist")
        }
    }

    static func fashionMNIST(
        _ folder: String?, _ split: Split, name: String, among folders: [String] = fashionFolders
    ) throws(DatasetError) -> Dataset {
        if let folder { return try load(folder, split, name: name) }
        guard let found = folders.first(where: { FilePath.exists($0) }) else {
            throw .packageMissing(folders: folders)
        }
        return try load(found, split, name: name)
    }

    static func load(_ folder: String, _ split: Split, name: String) throws(DatasetError) -> Dataset {
        let prefix = split == .train ? "train" : "t10k"
        let images = try read(folder, "\(prefix)-images-idx3-ubyte")
        let labels = try read(folder, "\(prefix)-labels-idx1-ubyte")
        let result = try ArrayPair.dataset(.read(images), labels, name: name)
        guard split == .test, case .classes(let own, let count) = result.targets else { return result }
        // The training labels say how many classes there are, whichever of them the test split happens to show.
        let training = try ArrayPair.targets(try read(folder, "train-labels-idx1-ubyte"), name: name)
        guard case .classes(_, let all) = training else { return result }
        return result.with(targets: .classes(own, count: max(count, all)))
    }

    private static func read(_ folder: String, _ stem: String) throws(DatasetError) -> NumericArray {
        // Some copies have a dot before "idx".
        let dotted = stem.replacingOccurrences(of: "-idx", with: ".idx")
        let candidates = [stem, stem + ".gz", dotted, dotted + ".gz"]
        let found = candidates.map { (folder as NSString).appendingPathComponent($0) }
            .first { FilePath.exists($0) }
        guard let found else { throw .filesMissing(folder: folder, expected: candidates) }
        return try ArrayPair.inFile { () throws(FileError) in try IDX.read(found) }
    }
}
