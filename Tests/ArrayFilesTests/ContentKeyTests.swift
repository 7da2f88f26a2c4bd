import Testing

@testable import ArrayFiles

@Suite struct ContentKeyTests {
    /// Numbers that are made piece by piece have the digest of all in one array, which is what unfinished work is found by.
    @Test(arguments: [0, 1, 7, 8, 9, 1 << 15, 1 << 15 + 1, 3 << 15 - 8, 3 << 15])
    func pieces(_ count: Int) {
        let numbers = (0..<count).map { Double($0) / 7 }
        var whole = ContentKey("a"), pieces = ContentKey("a"), asked: [Range<Int>] = []
        whole.add(numbers)
        pieces.add(numbers: count) {
            asked.append($0)
            return Array(numbers[$0])
        }
        #expect(pieces.words == whole.words && pieces.words != ContentKey("a").words)
        #expect(asked.flatMap { Array($0) } == Array(0..<count))
    }
}
