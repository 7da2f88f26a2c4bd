/// Something that can be drawn: a plot, or several side by side.
///
/// A figure is a value that holds the data and the words; `draw()` decides the places.
public protocol Figure: Sendable {
    /// In points.
    var size: Size { get }
    var title: String { get }

    /// The space that titles, labels and legends need around the plot's frame when all is drawn in `box`.
    func margins(in box: Box) -> Margins

    /// What is drawn in `box`, with the frame inset by `margins`, which are at least those asked for.
    func elements(in box: Box, margins: Margins) -> [Drawing.Element]
}

extension Figure {
    /// The finished picture. Never fails: empty or non-finite data give a figure that says so.
    public func draw() -> Drawing {
        let whole = Box(x: 0, y: 0, width: max(size.width, 40), height: max(size.height, 40))
        return Drawing(
            size: Size(width: whole.width, height: whole.height),
            elements: elements(in: whole, margins: margins(in: whole)), summary: title)
    }
}
