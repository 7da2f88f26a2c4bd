/// Slices of one network along several random directions: how much of the picture is the direction's doing.
public struct SliceBand: Sendable, Codable, Equatable {
    /// At every point of the common grid, over the slices; a value that is not finite in one of them is not finite here.
    public let mean: [Double], lowest: [Double], highest: [Double]

    /// - Parameter planes: values of each slice on one grid.
    public init(_ planes: [[Double]]) {
        precondition(!planes.isEmpty && planes.allSatisfy { $0.count == planes[0].count }, "planes of different grids")
        let columns = planes[0].indices.map { i in planes.map { $0[i] } }
        func over(_ columns: [[Double]], _ value: ([Double]) -> Double) -> [Double] {
            columns.map { column in column.contains(where: \.isNaN) ? .nan : value(column) }
        }
        mean = over(columns) { $0.reduce(0, +) / Double($0.count) }
        lowest = over(columns) { $0.min()! }
        highest = over(columns) { $0.max()! }
    }

    /// highest − lowest.
    public var spread: [Double] { zip(highest, lowest).map { $0 - $1 } }
}
