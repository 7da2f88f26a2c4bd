import Essentials
import Testing

@Suite struct FormatTests {
    /// The error has two digits where its first is 1 or 2, else one; the value and the interval end where the error does.
    @Test func estimates() {
        #expect(Format.estimate(0.0503, error: 0.0042) == "0.050 ± 0.004")
        #expect(Format.estimate(29.5908, error: 0.53, interval: 28.729...31.3845) == "29.6 ± 0.5 [28.7, 31.4]")
        #expect(Format.estimate(2944.2, error: 220) == "2940 ± 220")
        #expect(Format.estimate(-0.00018, error: 0.00012) == "-0.00018 ± 0.00012")
        #expect(Format.estimate(123_456, error: 7890) == "123000 ± 8000")
        // 0.97 is 1.0 with one digit.
        #expect(Format.estimate(0.1, error: 0.97) == "0.1 ± 1.0")
        #expect(Format.estimate(0, error: 0.01) == "0.000 ± 0.010")
        #expect(Format.estimate(1.234e-7, error: 2.2e-8) == "1.23e-07 ± 2.2e-08")
        #expect(
            Format.estimate(1e300, error: 3e299, interval: -1e300...2e300) == "1.0e+300 ± 3e+299 [-1.0e+300, 2.0e+300]")
    }

    /// Without an error the interval says how exact a number is.
    @Test func estimatesWithoutError() {
        #expect(Format.estimate(29.5908, error: nil, interval: 28.729...31.3845) == "29.6 [28.7, 31.4]")
        #expect(Format.estimate(2, error: 0, interval: 2...2) == "2")
        #expect(Format.estimate(.nan, error: 1) == "nan" && Format.estimate(3, error: .nan) == "3")
    }

    /// A residual takes digits away and adds none.
    @Test func numbersWithError() {
        #expect(Format.number(5.22249131, error: 0.004) == "5.222")
        #expect(Format.number(5.22249131, error: 8.5e-7) == "5.22249")
        #expect(Format.number(5.22249131, error: 0) == "5.22249" && Format.number(.infinity, error: 1) == "inf")
    }

    @Test func durations() {
        #expect(Format.duration(0.8) == "0.8 s" && Format.duration(185) == "3:05" && Format.duration(3723) == "1:02:03")
        for unknown in [-1, .nan, .infinity, 1e7] { #expect(Format.duration(unknown) == "–") }
    }
}
