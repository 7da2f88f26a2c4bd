import MatrixFree
import Tensors

/// Vectors that are needed again, but not now: in memory as long as there is room, else in an unnamed file in the folder of
/// temporary files.
final class VectorShelf {
    /// How many vectors may lie in memory.
    let room: Int
    private var held = 0

    init(room: Int) { self.room = room }

    /// - Throws: `MatrixFreeError.noRoom` where there is room neither in memory nor in the file.
    func put(_ vector: [Double]) throws(MatrixFreeError) -> Shelved {
        if held < room || vector.isEmpty {
            held += 1
            return Shelved(.memory(vector)) { [weak self] in self?.held -= 1 }
        }
        guard let file = Buffer(inTemporaryFileOf: vector.count * 8) else { throw .noRoom(bytes: vector.count * 8) }
        file.store(vector, as: .double)
        file.rest()
        return Shelved(.file(file, vector.count)) {}
    }
}

/// A vector on a shelf, which it leaves when nobody has it any more.
final class Shelved {
    enum Place {
        case memory([Double])
        case file(Buffer, Int)
    }

    private let place: Place
    private let leave: () -> Void

    init(_ place: Place, leave: @escaping () -> Void) { (self.place, self.leave) = (place, leave) }

    deinit { leave() }

    /// The vector; a copy where it lies in a file.
    var vector: [Double] {
        switch place {
        case .memory(let vector): return vector
        case .file(let buffer, let count):
            defer { buffer.rest() }
            return buffer.load(count, as: .double)
        }
    }

    /// Whether it lies in a file.
    var isInFile: Bool { if case .file = place { true } else { false } }
}
