import Essentials
import Foundation

/// A page that needs nothing but itself: pictures lie in it, and it loads nothing.
public struct WebPage {
    /// A part of the page.
    public enum Block {
        case heading(String)
        case paragraph(String)
        /// As a program printed it.
        case printed(String)
        case picture(png: [UInt8], description: String)
    }

    /// The title of the page.
    public var title: String
    /// Its parts, in order.
    public var blocks: [Block]

    /// - Parameter blocks: the parts, in order.
    public init(title: String, blocks: [Block] = []) { (self.title, self.blocks) = (title, blocks) }

    /// The page as HTML.
    public var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(Self.escaped(title))</title>
        <style>
        body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
        h1 { font-size: 1.6rem; margin-bottom: .3rem } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 1px solid #ddd }
        pre { background: #f6f6f4; padding: .7rem; white-space: pre-wrap; font-size: .8rem; line-height: 1.35 }
        figure { display: inline-block; margin: .5rem .8rem .5rem 0; max-width: 100%; vertical-align: top } img { max-width: 100%; height: auto }
        </style>
        </head>
        <body>
        <h1>\(Self.escaped(title))</h1>
        \(blocks.map(Self.html).joined(separator: "\n"))
        </body>
        </html>

        """
    }

    private static func html(_ block: Block) -> String {
        switch block {
        case .heading(let text): return "<h2>\(escaped(text))</h2>"
        case .paragraph(let text): return "<p>\(escaped(text))</p>"
        case .printed(let text): return "<pre>\(escaped(text))</pre>"
        case .picture(let png, let description):
            // Pictures are drawn at two pixels a point.
            let width = png.count > 24 ? png[16..<20].reduce(0) { $0 << 8 | Int($1) } / 2 : 480
            let data = Data(png).base64EncodedString()
            return
                "<figure><img width=\"\(width)\" alt=\"\(escaped(description))\" src=\"data:image/png;base64,\(data)\"></figure>"
        }
    }

    private static func escaped(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(\.printable).joined(separator: "\n")
            .replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
