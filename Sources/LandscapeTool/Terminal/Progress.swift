import Landscape

/// How far work is, and how long it may still take: what the line on the terminal says. Times are seconds on one clock.
struct Progress {
    /// What is done now; nothing before the work says so.
    private(set) var task: String
    private var done = 0, total: Int?, detail = ""
    /// Steps that come next together.
    private var next = 1
    private var started: Double

    /// Passes over the data since the task began, those before the last step, and those that the last step took.
    private var passes = 0, passesBefore = 0, passesOfStep = 1
    /// Share of the last pass that is done.
    private var share = 0.0
    /// When the last pass began.
    private var passBegan = 0.0
    /// Steps that were done when the task began.
    private var firstDone = 0

    /// Steps that were done at a time, ascending.
    private var history: [(time: Double, done: Double)] = []

    /// - Parameter task: what is done until the work says what it does.
    init(_ task: String, at time: Double) { (self.task, started) = (task, time) }

    /// Notes how far a task is.
    ///
    /// - Parameter detail: further words; nil for those of before.
    mutating func update(_ task: String, _ done: Int, of total: Int?, next: Int = 1, _ detail: String?, at time: Double)
    {
        if task != self.task || done < self.done {
            self = Progress(task, at: time)
            (firstDone, history) = (done, [(time, Double(done))])
        } else if done > self.done {
            passesOfStep = max(1, passes - passesBefore)
            (passesBefore, share) = (passes, 0)
        }
        (self.done, self.total) = (done, total)
        self.next = max(1, min(next, (total ?? Int.max) - done))
        if let detail { self.detail = detail }
        note(time)
    }

    /// Notes that a pass over the data has come to a batch.
    mutating func pass(_ done: Int, of count: Int, at time: Double) {
        if done == 0 { (passes, passBegan) = (passes + 1, time) }
        share = count > 0 ? min(1, Double(done) / Double(count)) : 0
    }

    /// Keeps about two hundred places of the history, whatever their number, and the last one of a quick sequence: where work goes on with
    /// what was kept, that is where computing begins.
    private mutating func note(_ time: Double) {
        let spacing = max(0.01, (time - started) / 200), last = history.count - 1
        if last > 0, time - history[last].time < spacing, history[last].time - history[last - 1].time < spacing {
            history[last] = (time, Double(done))
        } else {
            history.append((time, Double(done)))
        }
        // What is older than the window below.
        if history.count > 800 { history.removeFirst(400) }
    }

    /// How much of the steps that come next together is done, from the passes that those before took.
    private var doneOfNext: Double {
        passes > passesBefore
            ? Double(next) * min(0.99, (Double(passes - passesBefore - 1) + share) / Double(passesOfStep)) : 0
    }

    /// Seconds that are left; nil where that cannot be known. Before the first step is done, it is the least, from the share of the first
    /// pass over the data.
    func remaining(at time: Double) -> (seconds: Double, isLeast: Bool)? {
        guard let total, total > done else { return nil }
        let made = doneOfNext, left = Double(total - done) - made
        if done == firstDone {
            guard passes - passesBefore == 1, made > 0, time > passBegan else { return nil }
            return ((time - passBegan) * left / made, true)
        }
        // The pace of the last third of the time, three seconds at least.
        let window = max(3, (time - started) / 3)
        guard let past = history.last(where: { time - $0.time >= window }) ?? history.first, time > past.time else {
            return nil
        }
        let pace = (Double(done) + made - past.done) / (time - past.time)
        return pace > 0 ? (left / pace, false) : nil
    }

    /// Where the work is, to be compared: another phase or another place in it gives other numbers.
    var mark: [Double] { [started, Double(done), Double(passes), share] }

    /// What `--progress json` writes. Times are seconds, to the millisecond.
    func json(at time: Double) -> JSONValue {
        func seconds(_ value: Double?) -> JSONValue {
            JSONValue(value.flatMap { $0 >= 0 && $0 < Self.longest ? ($0 * 1000).rounded() / 1000 : nil })
        }
        let left = remaining(at: time), isInPass = passes > passesBefore && total != done
        return .object([
            ("phase", .string(task)), ("done", .integer(done + Int(doneOfNext))),
            ("total", total.map { .integer($0) } ?? .null), ("elapsed", seconds(max(0, time - started))),
            ("remaining", seconds(left.flatMap { $0.isLeast ? nil : $0.seconds })),
            ("remaining_at_least", seconds(left.flatMap { $0.isLeast ? $0.seconds : nil })),
            ("pass", isInPass ? .number((share * 1000).rounded() / 1000) : .null), ("detail", .string(detail)),
        ])
    }

    /// Seconds from which on an estimate is not to be believed.
    private static let longest = 3e8

    /// What the terminal shows.
    func line(at time: Double) -> String {
        var line = task
        if let total, total > 1 {
            line += "  \(done + Int(doneOfNext))/\(total)"
        } else if total == nil, done > 0 {
            line += "  \(done)"
        }
        line += "  \(Format.duration(max(0, time - started))) so far"
        if let left = remaining(at: time), let words = Self.about(left.seconds) {
            line += ", \(left.isLeast ? "at least" : "about") \(words) left"
        } else if passes > passesBefore, time - passBegan > 2, total != done {
            line += ", \(Int(100 * share)) % of a pass over the data"
        }
        return detail.isEmpty ? line : line + "  " + detail
    }

    /// A time as exact as an estimate is; nil where it is not to be believed.
    static func about(_ seconds: Double) -> String? {
        guard seconds >= 0, seconds < longest else { return nil }
        let minutes = Int((seconds / 60).rounded())
        switch seconds {
        case ..<9.5: return "\(Int(max(1, seconds.rounded()))) s"
        case ..<57.5: return "\(Int((seconds / 5).rounded()) * 5) s"
        case ..<3570: return "\(max(1, minutes)) min"
        case ..<172_800:
            let tens = (minutes + 5) / 10 * 10
            return tens % 60 == 0 ? "\(tens / 60) h" : "\(tens / 60) h \(tens % 60) min"
        default: return "\(Int((seconds / 86400).rounded())) days"
        }
    }
}
