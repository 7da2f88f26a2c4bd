import Testing

@testable import LandscapeTool

/// What the line says about the time that is left, on a clock of its own.
@Suite struct ProgressTests {
    /// Nothing is known before the first pass has begun; then the least follows from its share.
    @Test func firstStep() throws {
        var progress = Progress("starting", at: 0)
        #expect(progress.line(at: 3) == "starting  3.0 s so far")
        progress.update("slice", 0, of: 100, "", at: 5)
        #expect(progress.remaining(at: 20) == nil && progress.line(at: 20) == "slice  0/100  15 s so far")
        progress.pass(0, of: 10, at: 25)
        #expect(progress.remaining(at: 30) == nil)
        progress.pass(2, of: 10, at: 35)
        // A fifth of a point in 10 s, and 99.8 points are left.
        let left = try #require(progress.remaining(at: 35))
        #expect(left.isLeast && abs(left.seconds - 99.8 * 50) < 1e-9)
        #expect(progress.line(at: 35) == "slice  0/100  30 s so far, at least 1 h 20 min left")
        // More passes than one: nobody knows how many a point takes.
        progress.pass(0, of: 10, at: 75)
        progress.pass(5, of: 10, at: 100)
        #expect(
            progress.remaining(at: 100) == nil
                && progress.line(at: 100).hasSuffix("so far, 50 % of a pass over the data"))
        progress.update("slice", 1, of: 100, "", at: 125)
        progress.pass(0, of: 10, at: 125)
        progress.pass(5, of: 10, at: 150)
        // The second of two passes has not begun: a quarter of the second point.
        let known = try #require(progress.remaining(at: 150))
        #expect(!known.isLeast && abs(known.seconds - 98.75 / (1.25 / 145)) < 40)
    }

    /// Points that come sixteen at once advance inside the sixteen.
    @Test func groups() throws {
        var progress = Progress("", at: 0)
        progress.update("slice", 0, of: 40, next: 16, "", at: 0)
        progress.pass(0, of: 100, at: 0)
        progress.pass(50, of: 100, at: 80)
        #expect(progress.line(at: 80) == "slice  8/40  1:20 so far, at least 5 min left")
        progress.update("slice", 32, of: 40, next: 16, "", at: 320)
        progress.pass(0, of: 100, at: 320)
        progress.pass(99, of: 100, at: 399)
        // Not more than the eight that are left.
        #expect(progress.line(at: 399).hasPrefix("slice  39/40  "))
        #expect(try #require(progress.remaining(at: 399)).seconds < 2)
    }

    /// Where work goes on with what was kept, that took no time, the pace is that of computing.
    @Test func resumed() throws {
        var progress = Progress("", at: 0)
        for done in 0...800 { progress.update("slice", done, of: 1000, "", at: 0.00001 * Double(done)) }
        for done in 801...805 { progress.update("slice", done, of: 1000, "", at: 10 * Double(done - 800)) }
        #expect(abs(try #require(progress.remaining(at: 50)).seconds - 1950) < 200)
    }

    /// A steady pace is found, whatever the number of steps, and a new one takes over.
    @Test func pace() throws {
        var progress = Progress("", at: 0)
        for done in 0...100_000 { progress.update("train", done, of: 200_000, "", at: 0.001 * Double(done)) }
        #expect(abs(try #require(progress.remaining(at: 100)).seconds - 100) < 1)
        for done in 1...100 { progress.update("train", 100_000 + done, of: 200_000, "", at: 100 + Double(done)) }
        #expect(try #require(progress.remaining(at: 200)).seconds > 90_000)
    }

    /// Another task begins anew; a finished one has nothing left, and words stay until there are others.
    @Test func tasks() {
        var progress = Progress("", at: 0)
        progress.update("a", 5, of: 5, "words", at: 10)
        progress.update("a", 5, of: 5, nil, at: 11)
        #expect(progress.remaining(at: 20) == nil && progress.line(at: 20) == "a  5/5  10 s so far  words")
        progress.update("b", 3, of: nil, "", at: 20)
        #expect(progress.line(at: 21) == "b  3  1.0 s so far")
        progress.update("whole", 0, of: 1, "", at: 30)
        #expect(progress.line(at: 29) == "whole  0.0 s so far")
    }

    @Test func words() {
        let known: [(Double, String)] = [
            (0, "1 s"), (4.4, "4 s"), (12, "10 s"), (57, "55 s"), (59, "1 min"), (130, "2 min"), (3569, "59 min"),
            (3600, "1 h"), (7900, "2 h 10 min"), (172_900, "2 days"), (1e6, "12 days"),
        ]
        for (seconds, words) in known { #expect(Progress.about(seconds) == words) }
        for unknown in [-1, .nan, .infinity, 1e12] { #expect(Progress.about(unknown) == nil) }
    }
}
