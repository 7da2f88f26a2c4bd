import Essentials
import Testing

@Suite struct FormatTests {
    /// The ends of an interval have a tenth of its width, and no exponent where all digits before the point fit.
    @Test func intervals() {
        #expect(Format.number(29.5908, within: 28.729...31.3845) == "29.5908 [28.7, 31.4]")
        #expect(Format.number(2944.2, within: 2446.1...3442.8) == "2944.2 [2446, 3443]")
        #expect(Format.number(0.0161, within: 0.01122...0.02098) == "0.0161 [0.0112, 0.021]")
        #expect(Format.number(1, within: 0.99999991...1.00000012) == "1 [0.99999991, 1.00000012]")
        #expect(Format.number(-3, within: -4.25...0.5) == "-3 [-4.2, 0.5]")
        #expect(Format.number(2, within: 2...2) == "2" && Format.number(2, within: nil) == "2")
        #expect(Format.number(1e300, within: -1e300...1e301) == "1e+300 [-1e+300, 1e+301]")
    }
}
