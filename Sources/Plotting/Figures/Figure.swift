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

    /// The same figure with what a style says of words, limits, colours and marks.
    func styled(by style: FigureStyle) -> any Figure
    /// The same figure arranged for another width, in points at letters of the default size.
    ///
    /// - Parameter height: nil for what fits the width.
    func fitting(_ width: Double, height: Double?) -> any Figure
    /// What of a style changes the figure, beside the size and the colours of the picture.
    var styleParts: Set<FigureStyle.Part> { get }
}

extension Figure {
    /// Figures of one frame fit any width.
    public func fitting(_ width: Double, height: Double?) -> any Figure { self }

    /// The finished picture. It never fails: empty or non-finite data give a figure that says so.
    public func draw() -> Drawing { FigureStyle().draw(self) }
}
