/// Light and shade on a surface: one directional light after Lambert.
///
/// Level ground has exactly the colour bar's colour; slopes towards the light are lighter, others darker.
struct SurfaceShading {
    private static let strength = 0.5
    private static let darkest = 0.55
    private static let lightest = 1.22
    /// The lower side lies in its own shadow.
    private static let underside = 0.55

    private let light: Vector

    init(light: Vector) { self.light = light }

    /// - Parameter normal: of length 1, upwards.
    func color(_ color: Color, normal: Vector, isUnderside: Bool) -> Color {
        if isUnderside { return Self.shaded(color, Self.underside) }
        let shade = 1 + Self.strength * (light.dot(normal) - light.z)
        return Self.shaded(color, min(Self.lightest, max(Self.darkest, shade)))
    }

    private static func shaded(_ color: Color, _ shade: Double) -> Color {
        func part(_ value: UInt8) -> UInt8 {
            let value = Double(value)
            return UInt8((shade <= 1 ? shade * value : value + (shade - 1) * (255 - value)).rounded())
        }
        return Color(red: part(color.red), green: part(color.green), blue: part(color.blue))
    }
}

extension HeightField {
    /// The upward normal at a vertex, from its neighbours, in the box's proportions.
    func normal(_ column: Int, _ row: Int) -> Vector {
        func slope(_ before: BoxPoint, _ after: BoxPoint, _ place: (BoxPoint) -> Double) -> Double {
            let distance = place(after) - place(before)
            return distance > 0 ? Camera.height * (after.w - before.w) / distance : 0
        }
        func known(_ c: Int, _ r: Int) -> BoxPoint? {
            guard columns.places.indices ~= c, rows.places.indices ~= r else { return nil }
            let p = vertex(c, r)
            return p.w.isNaN ? nil : p
        }
        let here = vertex(column, row)
        let x = slope(known(column - 1, row) ?? here, known(column + 1, row) ?? here, \.u)
        let y = slope(known(column, row - 1) ?? here, known(column, row + 1) ?? here, \.v)
        return Vector(-x, -y, 1).normalized
    }
}
