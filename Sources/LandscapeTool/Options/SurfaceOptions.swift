import ArgumentParser
import Landscape

/// Whether a plane is drawn as a surface in space, and from where.
struct SurfaceOptions: ParsableArguments {
    @Flag(name: .customLong("3d"), help: "Draw the surface in space, with a height axis and contours on the floor.")
    var isInSpace = false
    @Option(
        help:
            "View for --3d in degrees, as azimuth,elevation, e.g. -60,30 (default: the view that shows the minimum and hides least)."
    )
    var view: String?

    func validate() throws {
        guard try direction() == nil || isInSpace else { throw ValidationError("--view: expected together with --3d") }
    }

    /// The direction from which a surface is seen; nil for the automatic one.
    func direction() throws -> SurfaceFigure.View? {
        guard let view else { return nil }
        let parts = view.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard parts.count == 2, let azimuth = parts[0], let elevation = parts[1], abs(azimuth) <= 360,
            0...90 ~= elevation
        else {
            throw ValidationError(
                "--view \(view): expected azimuth,elevation in degrees with an azimuth from -360 to 360 and an elevation from 0 to 90, such as -60,30"
            )
        }
        return SurfaceFigure.View(azimuth: azimuth, elevation: elevation)
    }
}
