/// A digest of all that a result depends on, 256 bits.
public typealias JournalKey = SIMD4<UInt64>

/// Results of long work, kept while it goes on, so that the same work started again takes them instead of computing.
///
/// A result is found by a key, a digest of all that it depends on. What is found is therefore right whatever else has changed, and
/// work whose results depend on nothing but its inputs goes on to the same bits.
public protocol Journal: AnyObject, Sendable {
    /// Whether results of an earlier run are left that were not asked for yet.
    var hasEarlier: Bool { get }
    /// The numbers that an earlier run kept under a key, or the last state; nil where there are none.
    func numbers(of key: JournalKey) -> [Double]?
    /// Whether so many numbers are worth keeping, for which as many others are digested.
    ///
    /// - Parameter seconds: that they took to compute.
    func isWorthKeeping(_ count: Int, digested: Int, seconds: Double) -> Bool
    /// Keeps numbers under a key.
    ///
    /// - Parameter seconds: that they took to compute.
    func keep(_ numbers: [Double], under key: JournalKey, seconds: Double)
    /// The numbers of a part of the work: those that an earlier run kept, else those that are computed. Once they are kept, what was kept
    /// meanwhile is forgotten.
    func part(_ key: JournalKey, compute: () throws -> [Double]) throws -> [Double]
    /// Makes sure that something the work depends on is what it was in an earlier run.
    ///
    /// - Parameters:
    ///   - name: what it is called, such as a checkpoint's path.
    ///   - digest: of it.
    /// - Throws: where it is another.
    func confirm(_ name: String, _ digest: JournalKey) throws
    /// Keeps the state of work under a key, now and then, and where it is the last; of one key the last stays.
    func keepState(_ numbers: @autoclosure () -> [Double], under key: JournalKey, isLast: Bool)
}

extension Journal {
    /// The numbers kept under a key; those that are computed where there are none, which are then kept where that is worth it.
    ///
    /// - Parameters:
    ///   - digested: how many numbers the key is made of.
    ///   - key: a digest of all that the numbers depend on.
    public func numbers(
        digested: Int, _ key: () throws -> JournalKey, compute: () throws -> [Double]
    ) throws -> [Double] {
        let known = hasEarlier ? try key() : nil
        if let known, let numbers = numbers(of: known) { return numbers }
        let clock = ContinuousClock(), start = clock.now
        let numbers = try compute()
        let seconds = (clock.now - start) / .seconds(1)
        if isWorthKeeping(numbers.count, digested: digested, seconds: seconds) {
            keep(numbers, under: try known ?? key(), seconds: seconds)
        }
        return numbers
    }
}
