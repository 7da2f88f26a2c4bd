import ArrayFiles
import Essentials
import Foundation

/// The binary versions of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): records of one label byte (two for CIFAR-100: the
/// coarse and the fine class) and 3072 bytes of a 3 × 32 × 32 image.
enum CIFAR {
    static let imageSize = 3 * 32 * 32

    static func ten(_ folder: String, _ split: Split, name: String) throws(DatasetError) -> Dataset {
        let files = split == .train ? (1...5).map { "data_batch_\($0).bin" } : ["test_batch.bin"]
        return try load(folder, "cifar-10-batches-bin", files, labelBytes: 1, classes: 10, name: name)
    }

    static func hundred(_ folder: String, _ split: Split, name: String) throws(DatasetError) -> Dataset {
        let files = [split == .train ? "train.bin" : "test.bin"]
        return try load(folder, "cifar-100-binary", files, labelBytes: 2, classes: 100, name: name)
    }

    private static func load(
        _ folder: String, _ unpacked: String, _ files: [String], labelBytes: Int, classes: Int, name: String
    ) throws(DatasetError) -> Dataset {
        // The folder itself, or the one the archive was unpacked into.
        let folders = [folder, (folder as NSString).appendingPathComponent(unpacked)]
        let present = folders.first {
            FilePath.exists(($0 as NSString).appendingPathComponent(files[0]))
        }
        guard let present else { throw .filesMissing(folder: folder, expected: files) }
        let record = labelBytes + imageSize
        var batches: [[UInt8]] = []
        var labels: [Int32] = []
        for file in files {
            let path = (present as NSString).appendingPathComponent(file)
            let bytes = try ArrayPair.inFile { () throws(FileError) in try FileContent.bytes(of: path) }
            guard bytes.count % record == 0 else { throw .badRecords(path: path, bytes: bytes.count, record: record) }
            for start in stride(from: 0, to: bytes.count, by: record) {
                let label = Int(bytes[start + labelBytes - 1])
                guard label < classes else {
                    throw .classOutOfRange(name: path, row: start / record, value: label, classes: classes)
                }
                labels.append(Int32(label))
            }
            batches.append(bytes)
        }
        let inputs = [Float](unsafeUninitializedCapacity: labels.count * imageSize) { buffer, count in
            for bytes in batches {
                bytes.withUnsafeBufferPointer { bytes in
                    for start in stride(from: labelBytes, to: bytes.count, by: record) {
                        let image = UnsafeBufferPointer(rebasing: bytes[start..<(start + imageSize)])
                        ByteFractions.write(image, to: UnsafeMutableBufferPointer(rebasing: buffer[count...]))
                        count += imageSize
                    }
                }
            }
        }
        return Dataset(
            name: name, inputs: .floats(inputs), exampleShape: [3, 32, 32],
            targets: .classes(labels, count: classes))
    }
}
