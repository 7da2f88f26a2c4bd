/// Where panels stand: rows of as many as fit, and a last row of fewer in the middle.
struct PanelRows {
    let count: Int
    let columns: Int

    var rows: Int { max(1, (count + columns - 1) / columns) }

    /// The cell of a panel in `box`.
    func cell(_ index: Int, in box: Box) -> Box {
        let (width, height) = (box.width / Double(columns), box.height / Double(rows))
        let row = index / columns
        let inRow = min(columns, count - row * columns)
        return Box(
            x: box.x + (Double(index % columns) + Double(columns - inRow) / 2) * width,
            y: box.y + Double(row) * height, width: width, height: height)
    }

    /// The number of columns that leaves the fewest holes in the last row: up to three in one row, four as a square.
    static func columns(for count: Int) -> Int {
        guard count > 4 else { return count == 4 ? 2 : max(1, count) }
        func holes(_ columns: Int) -> Int { (columns - count % columns) % columns }
        return holes(3) < holes(4) ? 3 : 4
    }
}
