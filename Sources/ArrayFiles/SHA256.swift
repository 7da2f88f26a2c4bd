/// The SHA-256 digest (FIPS 180-4), fed piece by piece.
///
/// Written here because the alternative, swift-crypto, brings all of BoringSSL into the build for these hundred
/// lines. It guards against damage, not against an adversary: a checkpoint's digest lies beside what it digests.
public struct SHA256: Sendable {
    private var state: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    private var pending: [UInt8] = []
    private var length: UInt64 = 0

    public init() {}

    /// The digest of the bytes, 64 hexadecimal digits.
    public static func hexadecimal(_ bytes: [UInt8]) -> String {
        var digest = SHA256()
        digest.update(bytes)
        return digest.hexadecimal()
    }

    public mutating func update(_ bytes: [UInt8]) {
        length &+= UInt64(bytes.count)
        var start = 0
        if !pending.isEmpty {
            start = min(64 - pending.count, bytes.count)
            pending += bytes[..<start]
            guard pending.count == 64 else { return }
            let block = pending
            compress(block, 0, 1)
            pending.removeAll(keepingCapacity: true)
        }
        let blocks = (bytes.count - start) / 64
        compress(bytes, start, blocks)
        pending += bytes[(start + 64 * blocks)...]
    }

    /// The digest of everything so far.
    public func hexadecimal() -> String {
        var last = self
        let bits = length &* 8
        let zeros = (55 - Int(length % 64) + 64) % 64
        let size = (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) }
        last.update([0x80] + [UInt8](repeating: 0, count: zeros) + size)
        let digits = Array("0123456789abcdef")
        return String(
            last.state.flatMap { word in
                (0..<8).map { digits[Int(word >> UInt32(28 - 4 * $0)) & 15] }
            })
    }

    private mutating func compress(_ bytes: [UInt8], _ start: Int, _ blocks: Int) {
        guard blocks > 0 else { return }
        bytes.withUnsafeBytes { input in
            SHA256.constants.withUnsafeBufferPointer { constants in
                state.withUnsafeMutableBufferPointer { state in
                    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { schedule in
                        guard let input = input.baseAddress, let constants = constants.baseAddress,
                            let state = state.baseAddress, let schedule = schedule.baseAddress
                        else { return }
                        for block in 0..<blocks {
                            SHA256.compress(input + start + 64 * block, constants, state, schedule)
                        }
                    }
                }
            }
        }
    }

    @inline(__always)
    private static func compress(
        _ block: UnsafeRawPointer, _ constants: UnsafePointer<UInt32>, _ state: UnsafeMutablePointer<UInt32>,
        _ w: UnsafeMutablePointer<UInt32>
    ) {
        @inline(__always) func turn(_ x: UInt32, _ count: UInt32) -> UInt32 { x &>> count | x &<< (32 &- count) }
        for t in 0..<16 {
            w[t] = block.loadUnaligned(fromByteOffset: 4 &* t, as: UInt32.self).bigEndian
        }
        for t in 16..<64 {
            let s0 = turn(w[t &- 15], 7) ^ turn(w[t &- 15], 18) ^ w[t &- 15] &>> 3
            let s1 = turn(w[t &- 2], 17) ^ turn(w[t &- 2], 19) ^ w[t &- 2] &>> 10
            w[t] = w[t &- 16] &+ s0 &+ w[t &- 7] &+ s1
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for t in 0..<64 {
            let s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)
            let t1 = h &+ s1 &+ (g ^ e & (f ^ g)) &+ constants[t] &+ w[t]
            let s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)
            let t2 = s0 &+ (a & b | c & (a | b))
            h = g
            g = f
            f = e
            e = d &+ t1
            d = c
            c = b
            b = a
            a = t1 &+ t2
        }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
        state[5] &+= f
        state[6] &+= g
        state[7] &+= h
    }

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static let constants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
}
