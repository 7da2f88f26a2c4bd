/// Numbers that are known while a graph is built: shapes, axes, indices, small constants. Whole numbers are exact up to 2⁵³;
/// larger ones, which stand for "to the end", stay large.
package struct HostTensor: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Codable { case real, integer, boolean }

    package var shape: [Int]
    package var kind: Kind
    /// Row-major.
    package var values: [Double]

    init(shape: [Int], kind: Kind, values: [Double]) {
        precondition(shape.reduce(1, *) == values.count, "\(values.count) numbers of shape \(shape)")
        (self.shape, self.kind, self.values) = (shape, kind, values)
    }

    init(_ number: Double, _ kind: Kind = .real) { self.init(shape: [], kind: kind, values: [number]) }
    init(_ integers: [Int]) { self.init(shape: [integers.count], kind: .integer, values: integers.map(Double.init)) }

    /// As whole numbers, cut off towards zero; what is too large becomes the largest there is.
    var integers: [Int] { values.map(HostTensor.integer) }

    static func integer(_ number: Double) -> Int {
        if number.isNaN { return 0 }
        return number >= 0x1p63 ? Int.max : number <= -0x1p63 ? Int.min : Int(number)
    }

    /// The elements at these places, under a new shape.
    func picked(_ places: [Int], _ shape: [Int]) -> HostTensor {
        HostTensor(shape: shape, kind: kind, values: places.map { values[$0] })
    }

    /// Whether it holds the same at every place of an axis.
    func isRepeated(along axis: Int) -> Bool {
        let inner = shape[(axis + 1)...].reduce(1, *), row = inner * shape[axis]
        return values.indices.allSatisfy { values[$0] == values[$0 / row * row + $0 % inner] }
    }

    /// The first place of an axis alone.
    func once(along axis: Int) -> HostTensor {
        let inner = shape[(axis + 1)...].reduce(1, *), row = inner * shape[axis]
        var once = shape
        once[axis] = 1
        return picked(values.indices.filter { $0 % row < inner }, once)
    }

    /// Takes a number for what the model's code had written where it was rounded to Float32. A table of different numbers was a
    /// tensor of Float32 in the code, too, and stays.
    mutating func restoreRounded() {
        guard let first = values.first, Double(Float(first)) == first, values.allSatisfy({ $0 == first }) else {
            return
        }
        values = [Double](repeating: RoundedConstant.number(Float(first)), count: values.count)
    }

    /// Whether a description that was read from a file is one at all.
    var isConsistent: Bool {
        var product = 1
        for extent in shape {
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            if extent < 0 || overflow { return false }
            product = next
        }
        return product == values.count
    }

    /// Dimension i of the result is dimension order[i].
    func transposed(_ order: [Int], _ result: [Int]) -> HostTensor {
        if order == Array(shape.indices) { return self }
        var strides = shape, next = 1
        for i in shape.indices.reversed() {
            strides[i] = next
            next *= shape[i]
        }
        var places = [0]
        for axis in order {
            places = places.flatMap { base in (0..<shape[axis]).map { base + $0 * strides[axis] } }
        }
        return picked(places, result)
    }
}
