import Foundation
import Landscape

/// The points of an interrupted slice, kept beside the picture it would have become.
struct UnfinishedSlice {
    let path: String
    /// What an interrupted slice must have in common with another to be gone on with. Reads all of θ and the directions: made
    /// only for a slice that is interrupted or gone on with.
    let fingerprint: () -> String

    init(_ picture: String, fingerprint: @escaping () -> String) {
        path = (picture as NSString).deletingPathExtension + ".unfinished.npz"
        self.fingerprint = fingerprint
    }

    /// - Parameter planes: finished points of each plane by their numbers.
    func save(_ planes: [[Int: SlicePoint]]) throws {
        let points = planes.enumerated().flatMap { plane, points in
            points.sorted { $0.key < $1.key }.map { (plane: plane, index: $0.key, point: $0.value) }
        }
        func column(_ value: (SlicePoint) -> Double?) -> NPZ.Value {
            .array(NumericArray(points.map { value($0.point) ?? .nan }))
        }
        try NPZ.write(
            [
                ("plane", .array(NumericArray(points.map(\.plane)))),
                ("index", .array(NumericArray(points.map(\.index)))),
                ("loss", column { $0.evaluation.loss }), ("accuracy", column { $0.evaluation.accuracy }),
                ("has_other", .array(NumericArray(points.map { $0.point.other != nil }))),
                ("other_loss", column { $0.other?.loss }), ("other_accuracy", column { $0.other?.accuracy }),
                ("fingerprint", .text(fingerprint())),
            ], to: path)
    }

    /// - Parameters:
    ///   - planes: how many there are.
    ///   - count: points of each.
    func load(planes: Int, count: Int) throws -> [[Int: SlicePoint]] {
        guard FileManager.default.fileExists(atPath: path) else {
            throw UnusableRequest("--resume: there is no interrupted slice \(path); start without --resume")
        }
        let archive = try NPZ.read(path)
        guard try archive.text("fingerprint") == fingerprint() else {
            throw UnusableRequest(
                "--resume: \(path) is of another slice (checkpoint, directions, range, points or data differ); remove it or repeat its settings"
            )
        }
        func column(_ name: String) throws -> [Double] { try archive.array(name).doubles }
        let (plane, index) = (try archive.array("plane").integers(), try archive.array("index").integers())
        let (loss, accuracy) = (try column("loss"), try column("accuracy"))
        let (hasOther, otherLoss, otherAccuracy) = (
            try column("has_other"), try column("other_loss"), try column("other_accuracy")
        )
        let columns = [
            plane.count, index.count, loss.count, accuracy.count, hasOther.count, otherLoss.count, otherAccuracy.count,
        ]
        guard Set(columns).count == 1, plane.allSatisfy({ (0..<planes).contains(Int($0)) }),
            index.allSatisfy({ (0..<count).contains(Int($0)) })
        else { throw UnusableRequest("\(path) is damaged: remove it and start without --resume") }
        func evaluation(_ loss: Double, _ accuracy: Double) -> Evaluation {
            Evaluation(loss: loss, accuracy: accuracy.isNaN ? nil : accuracy)
        }
        var result = [[Int: SlicePoint]](repeating: [:], count: planes)
        for i in loss.indices {
            result[Int(plane[i])][Int(index[i])] = SlicePoint(
                evaluation(loss[i], accuracy[i]),
                other: hasOther[i] != 0 ? evaluation(otherLoss[i], otherAccuracy[i]) : nil)
        }
        return result
    }

    /// Removes the file of this slice; one of other settings stays.
    func remove() {
        guard FileManager.default.fileExists(atPath: path),
            let other = try? NPZ.read(path).text("fingerprint"), other == fingerprint()
        else { return }
        try? FileManager.default.removeItem(atPath: path)
    }
}
