/// Which tensor of a file of weights a model's tensor is, and by what evidence: `landscape info --mapping` lists it.
public struct TensorMapping: Sendable, Codable, Equatable {
    /// The model's tensor.
    public let tensor: String
    /// The file's tensor.
    public let source: String
    /// The shape in the file.
    public let shape: [Int]
    /// Whether the graph holds the transpose of the file's matrix.
    public let isTransposed: Bool
    /// `name`, `numbering`, `values`, `exporter`, `order` or `shape`.
    public let evidence: String

    /// Of the entry in a checkpoint's metadata.
    static let metadataKey = "tensor_mapping"

    enum CodingKeys: String, CodingKey {
        case tensor, source, shape, evidence
        case isTransposed = "transposed"
    }
}
