import CKernels

/// The SHA-256 digest (FIPS 180-4), fed piece by piece.
///
/// It guards against damage and not against an adversary: a checkpoint's digest lies beside what it digests. It is
/// written here because the alternative, swift-crypto, would bring all of BoringSSL into the build for these hundred
/// lines.
public struct SHA256: Sendable {
    private var state: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    /// Fewer than 64 bytes that do not fill a block yet.
    private var pending: [UInt8] = []
    private var length: UInt64 = 0

    /// A digest of no bytes yet.
    public init() {}

    /// The digest of bytes, as 64 hexadecimal digits.
    public static func hexadecimal(_ bytes: [UInt8]) -> String {
        var digest = SHA256()
        digest.update(bytes)
        return digest.hexadecimal()
    }

    /// Takes further bytes in.
    public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// Takes further bytes in.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        length &+= UInt64(bytes.count)
        var start = 0
        if !pending.isEmpty {
            start = min(64 - pending.count, bytes.count)
            pending += bytes[..<start]
            guard pending.count == 64 else { return }
            ls_sha256(&state, pending, 1)
            pending.removeAll(keepingCapacity: true)
        }
        let blocks = (bytes.count - start) / 64
        if blocks > 0, let base = bytes.baseAddress {
            ls_sha256(&state, (base + start).assumingMemoryBound(to: UInt8.self), blocks)
        }
        pending += bytes[(start + 64 * blocks)...]
    }

    /// The digest of all bytes so far, as 64 hexadecimal digits; more may follow.
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
}
