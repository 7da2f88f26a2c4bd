/// What results and checkpoints say wrote them.
enum Software {
    static let version = "0.1.0"
    static let name = "Landscape \(version)"
}
