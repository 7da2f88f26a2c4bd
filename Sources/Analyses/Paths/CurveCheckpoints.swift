import Models
import Objectives

/// Networks along a trained curve, in order: those of its profile, and the one of the highest loss.
///
/// Statistics of batch normalisation are measured anew at each: those of neither end are a network's between.
public struct CurveCheckpoints {
    /// Where they are, ascending from 0 to 1.
    public let places: [Double]
    /// The number of the network of the highest loss.
    public let highest: Int
    private let curve: Interpolation.TrainedCurve
    private let model: Model
    private let statistics: (_ theta: [Double]) throws -> [Double]

    /// What the records of all have in common.
    public static let mark = " curve at t = "

    /// - Parameters:
    ///   - loss: of the first network.
    ///   - curve: from it to another.
    /// - Throws: what the data throw.
    public init(_ loss: ModelLoss, _ curve: Interpolation.TrainedCurve) throws {
        let top = curve.highest.t
        places = curve.profile.t.contains(top) ? curve.profile.t : (curve.profile.t + [top]).sorted()
        highest = places.firstIndex(of: top)!
        (self.curve, model) = (curve, loss.model)
        statistics = try loss.measuredStatistics()
    }

    /// What the file of a network keeps: the first end's metadata, with its number for the step, so that a folder has them in order. No
    /// training goes on from it.
    ///
    /// - Throws: what measuring statistics throws.
    public func checkpoint(_ number: Int) throws -> Checkpoint {
        let theta = curve.path.point(places[number])
        return model.derived(
            as: "\(curve.path.kind.rawValue)\(Self.mark)\(places[number])", theta: theta,
            buffers: try statistics(theta), step: number)
    }

    /// The names of the files of so many networks, in their order.
    public static func names(_ count: Int) -> [String] {
        let width = max(3, String(max(0, count - 1)).count)
        return (0..<count).map { number in
            let digits = String(number)
            return "curve.\(String(repeating: "0", count: width - digits.count))\(digits).bin"
        }
    }
}
