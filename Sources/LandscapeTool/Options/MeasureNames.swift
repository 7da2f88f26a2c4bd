import ArgumentParser
import Landscape

extension StudyMeasures.Measure {
    /// What `--measures` names, as `parse` reads it.
    static func asked(_ names: String, defaults: [Self] = defaults, among measures: [Self] = allCases) throws -> [Self]
    {
        do throws(StudyMeasures.UnknownMeasure) {
            return try parse(names, defaults: defaults, among: measures)
        } catch {
            throw ValidationError("--measures \(names): \(error)")
        }
    }
}
