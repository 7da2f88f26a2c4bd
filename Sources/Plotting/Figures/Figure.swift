/// Something that can be drawn: a plot, or several side by side.
///
/// A figure is a value that holds data and words; `draw()` finds the places. An implementer decides about margins and
/// elements and must accept empty and non-finite data.
public protocol Figure: Sendable {
    /// Width and height of the whole picture, in points.
    var size: Size { get }
    /// The title, which is also the picture's text for readers who cannot see it.
    var title: String { get }

    /// The space that titles, labels and legends need around the plot's frame when the figure fills `box`.
    func margins(in box: Box) -> Margins

    /// The primitives of the figure in `box`, with the plot's frame inset by `margins`. These are at least what
    /// `margins(in:)` asked for; panels side by side share the largest.
    func elements(in box: Box, margins: Margins) -> [Drawing.Element]
}

extension Figure {
    /// The finished picture. It never fails: empty or non-finite data give a figure that says so.
    public func draw() -> Drawing {
        let whole = Box(x: 0, y: 0, width: max(size.width, 40), height: max(size.height, 40))
        return Drawing(
            size: Size(width: whole.width, height: whole.height),
            elements: elements(in: whole, margins: margins(in: whole)), summary: title)
    }
}
