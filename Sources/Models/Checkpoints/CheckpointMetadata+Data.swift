import Datasets
import Essentials

/// The folder that a checkpoint was read from: it is no part of what the checkpoint is.
package struct CheckpointPlace: Sendable, Equatable {
    /// Nothing for the current folder; nil for a checkpoint that was not read from a file.
    package var folder: String?

    /// Of no file.
    package init() {}

    package static func == (a: CheckpointPlace, b: CheckpointPlace) -> Bool { true }
}

/// Where the data of a checkpoint are.
extension CheckpointMetadata {
    /// The key of the data as they are named from the checkpoint's own folder.
    static let dataPlaceKey = "data_from_here"

    /// Data that were found, and what to say where they were not where they are named.
    package struct LocatedData {
        /// Named from the current folder.
        package let specification: DataSpecification
        /// One line; nil where they are where they are named.
        package let remark: String?
    }

    /// The data of the training: where they lay from the checkpoint when it was written, as they are named, or beside the
    /// checkpoint.
    ///
    /// - Returns: nil where they are at none of these places.
    /// - Throws: `DatasetError` where the checkpoint names no data.
    package func locatedData() throws -> LocatedData? {
        let given = try DataSpecification(data.specification)
        guard !given.paths.isEmpty else { return LocatedData(specification: given, remark: nil) }
        let isAsNamed = given.isThere
        guard let folder = place.folder else { return isAsNamed ? LocatedData(specification: given, remark: nil) : nil }
        if let text = other[Self.dataPlaceKey], let own = try? DataSpecification(text).named(from: folder), own.isThere
        {
            let isOther = isAsNamed && own.absolute != given.absolute
            return LocatedData(
                specification: own,
                remark: isOther ? "the data are \(own), as the checkpoint was written with; \(given) are others" : nil)
        }
        if isAsNamed { return LocatedData(specification: given, remark: nil) }
        let found = [given.named(from: folder), given.beside(folder)].first { $0.isThere }
        return found.map { LocatedData(specification: $0, remark: "the data \(given) were found as \($0)") }
    }
}
