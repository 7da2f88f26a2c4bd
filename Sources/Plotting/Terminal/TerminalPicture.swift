import Foundation

/// How terminals that can show pictures take them.
public enum TerminalPicture: Sendable {
    /// kitty's graphics protocol, which Ghostty knows, too (https://sw.kovidgoyal.net/kitty/graphics-protocol/).
    case kitty
    /// iTerm2's inline images, which WezTerm and mintty know, too (https://iterm2.com/documentation-images.html).
    case iTerm

    /// What the environment's terminal takes; nil where it shows characters alone, or where tmux or screen stands between.
    public init?(environment: [String: String]) {
        let terminal = environment["TERM"] ?? "", program = environment["TERM_PROGRAM"] ?? ""
        guard terminal != "dumb", !terminal.hasPrefix("screen"), !terminal.hasPrefix("tmux"), environment["TMUX"] == nil
        else {
            return nil
        }
        if ["iTerm.app", "WezTerm", "mintty"].contains(program) {
            self = .iTerm
        } else if ["xterm-kitty", "xterm-ghostty"].contains(terminal) || program == "ghostty"
            || environment["KITTY_WINDOW_ID"] != nil
        {
            self = .kitty
        } else {
            return nil
        }
    }

    /// Bytes of a chunk at most, as kitty demands.
    private static let chunk = 4096

    /// The escape sequences that show a PNG file over so many columns.
    public func text(png: [UInt8], columns: Int) -> String {
        let data = Data(png).base64EncodedString()
        switch self {
        case .iTerm:
            return "\u{1B}]1337;File=inline=1;size=\(png.count);width=\(columns);preserveAspectRatio=1:\(data)\u{7}"
        case .kitty:
            var result = "", rest = Substring(data), control = "f=100,a=T,q=2,c=\(columns),"
            repeat {
                let part = rest.prefix(Self.chunk)
                rest = rest.dropFirst(Self.chunk)
                result += "\u{1B}_G\(control)m=\(rest.isEmpty ? 0 : 1);\(part)\u{1B}\\"
                control = ""
            } while !rest.isEmpty
            return result
        }
    }
}
