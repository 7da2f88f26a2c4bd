import ArrayFiles
import Essentials
import Foundation

/// Why data cannot be used. Rows are counted from 0, as in NumPy.
public enum DatasetError: DescribedError {
    case unknownSpecification(String)
    case badSpecification(String, expected: String)
    case file(FileError)
    case array(name: String, problem: NumericArrayError)
    case packageMissing(folders: [String])
    case filesMissing(folder: String, expected: [String])
    case noTestSplit(String)
    case noExamples(String)
    case countMismatch(name: String, inputs: Int, targets: Int)
    case unusableShape(name: String, shape: [Int])
    case unusableTargets(name: String, shape: [Int])
    case nonFiniteInput(name: String, row: Int, value: Double)
    case nonFiniteTarget(name: String, row: Int, value: Double)
    case labelNotIntegral(name: String, row: Int, value: Double)
    case labelNegative(name: String, row: Int, value: Int)
    case labelTooLarge(name: String, row: Int, value: Int)
    case classOutOfRange(name: String, row: Int, value: Int, classes: Int)
    case tokenOutOfRange(name: String, row: Int, value: Int)
    case missingArrays(name: String, found: [String])
    /// Arrays that a model takes and a file lacks.
    case missingInputs(name: String, found: [String], missing: [String])
    /// No array is the targets.
    case missingTarget(name: String, found: [String])
    /// Several arrays could be the targets.
    case severalTargets(name: String, found: [String])
    /// Weights of elements in a file whose training split has a name of its own.
    case weightsOfSplit(name: String)
    /// A model of several inputs, and data of one.
    case needsNames(name: String, inputs: [String])
    /// A model of one input, and data of several.
    case needsOneInput(name: String, found: [String])
    /// An array without examples in its first axis, or with an extent of 0.
    case unusableArray(name: String, array: String, shape: [Int])
    case arrayCountMismatch(name: String, array: String, found: Int, expected: Int)
    /// Real numbers for an input of whole ones.
    case notWhole(name: String, array: String, type: String)
    case unusableWeights(name: String, shape: [Int], targets: [Int])
    case badWeight(name: String, row: Int, value: Double)
    case tooFewColumns(name: String)
    case badRecords(path: String, bytes: Int, record: Int)
    case tooFewExamples(requested: Int, available: Int)
    case notStandardizable(String)
    case standardizationMismatch(found: Int, expected: Int)
    case notClasses(String)
    case badFraction(Double)
    case damagedProgram(String)

    /// True where a text names no data, or more examples than there are; false where files are at fault.
    public var isOfRequest: Bool {
        switch self {
        case .unknownSpecification, .badSpecification, .tooFewExamples: true
        default: false
        }
    }

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .unknownSpecification(let text):
            "unknown data '\(text)'\(text.suggestion(from: DataSpecification.forms)); expected one of \(DataSpecification.forms)"
                + Self.kindHint(text)
        case .badSpecification(let text, let expected):
            "data '\(text)' is incomplete, expected \(expected)"
        case .file(let problem): "\(problem)"
        case .array(let name, let problem): "\(name): \(problem)"
        case .packageMissing(let folders):
            "found no Fashion-MNIST in \(folders.joined(separator: " or ")); install Debian's package dataset-fashion-mnist "
                + "(apt-get install dataset-fashion-mnist) or name a folder: --data fashion-mnist:DIR"
        case .filesMissing(let folder, let expected):
            "\(folder): found none of \(expected.joined(separator: ", ")) there; name the folder that holds them"
        case .noTestSplit(let name):
            "\(name) has no test split: every row is in split train; use --split train, or an .npz with x_test, y_test"
        case .noExamples(let name): "\(name) holds no examples, expected at least one"
        case .countMismatch(let name, let inputs, let targets):
            "\(name): found \(inputs) inputs and \(targets) targets, expected as many of both"
        case .unusableShape(let name, let shape):
            "\(name): found inputs of shape \(shape.shown), expected the examples along the first axis and 1 to 7 more, such as N×D or N×C×H×W; reshape the array"
        case .unusableTargets(let name, let shape):
            "\(name): found targets of shape \(shape.shown), expected a class or a row of numbers for each example along the first axis"
        case .nonFiniteInput(let name, let row, let value):
            "\(name): row \(row) holds the input \(value), expected finite numbers; remove or fill in that row"
        case .nonFiniteTarget(let name, let row, let value):
            "\(name): row \(row) has the target \(value), expected finite numbers; remove or fill in that row"
        case .labelNotIntegral(let name, let row, let value):
            "\(name): row \(row) has the label \(value), expected a whole number from 0 in the last column; "
                + "for regression use npy: or npz: with real targets"
        case .labelNegative(let name, let row, let value):
            "\(name): row \(row) has the label \(value), expected 0 or more; number the classes from 0, or give --ignore-index \(value) where that label does not count"
        case .labelTooLarge(let name, let row, let value):
            "\(name): row \(row) has the label \(value), expected less than \(Dataset.maximalClasses); "
                + "number the classes from 0 without gaps"
        case .classOutOfRange(let name, let row, let value, let classes):
            "\(name): row \(row) has the label \(value), expected less than \(classes); "
                + "the file is damaged or of another data set"
        case .tokenOutOfRange(let name, let row, let value):
            "\(name): row \(row) holds the integer \(value), expected a token from 0 to \(Int32.max); "
                + "convert numbers that are no tokens to float32"
        case .missingArrays(let name, let found):
            "\(name): found the arrays \(found.shown), expected x_train, y_train (x_test, y_test), "
                + "x, y, or images, labels; save them under such names"
        case .missingInputs(let name, let found, let missing):
            "\(name): found the arrays \(found.shown), but the model takes \(missing.shown), too; save every input under its name"
        case .missingTarget(let name, let found):
            "\(name): found the arrays \(found.shown), expected targets under labels, targets or y; save them so, or name them with --target"
        case .severalTargets(let name, let found):
            "\(name): the arrays \(found.shown) could all be the targets; name them with --target, such as --target \(found[0].shown)"
        case .weightsOfSplit(let name):
            "\(name): found weights beside x_train and y_train; name the arrays x, y and weight (x_test, y_test and weight_test) to have them used, or leave them out"
        case .needsNames(let name, let inputs):
            "the model takes \(inputs.count) inputs (\(inputs.shown)), but \(name) has one; give --data npz:FILE with an array for each name, or npy:"
                + inputs.map { "\($0.shown)=FILE" }.joined(separator: ",") + ",labels=FILE"
        case .needsOneInput(let name, let found):
            "\(name): found \(found.count) arrays of inputs (\(found.shown)), expected one; leave the others out, or name the targets with --target"
        case .unusableArray(let name, let array, let shape):
            "\(name): array '\(array.shown)' has shape \(shape.shown), expected the examples along axis 0 and no extent of 0"
        case .arrayCountMismatch(let name, let array, let found, let expected):
            "\(name): array '\(array.shown)' has \(found) examples, expected \(expected) as the first input has"
        case .notWhole(let name, let array, let type):
            "\(name): array '\(array.shown)' holds \(type), but the model takes whole numbers there; convert it to int64"
        case .unusableWeights(let name, let shape, let targets):
            "\(name): found weights of shape \(shape.shown), expected one for each example, or for each element of targets of shape \(targets.shown) an example"
        case .badWeight(let name, let row, let value):
            "\(name): row \(row) has the weight \(value), expected finite numbers from 0"
        case .tooFewColumns(let name):
            "\(name): found one column, expected at least one number and the label in the last column"
        case .badRecords(let path, let bytes, let record):
            "\(path): found \(bytes) bytes, expected a multiple of \(record); use the binary version of CIFAR"
        case .tooFewExamples(let requested, let available):
            "--examples \(requested): the split has \(available) examples; use --examples \(available) or fewer"
        case .notStandardizable(let name):
            "\(name) holds tokens, which cannot be standardised; leave --standardize out"
        case .standardizationMismatch(let found, let expected):
            "the standardisation has \(found) means and deviations, the data \(expected) channels; give as many, or use the data it was made for"
        case .notClasses(let name):
            "\(name) has not one class for each example, so there are no labels to change; leave label noise out"
        case .badFraction(let value): "found a fraction of \(value), expected one from 0 to 1"
        case .damagedProgram(let what): "\(what) cannot be unpacked: this program file is damaged; install it again"
        }
    }

    /// For a file that is named alone: the form that it looks like.
    private static func kindHint(_ text: String) -> String {
        switch (text as NSString).pathExtension {
        case "npz": "; did you mean npz:\(text)?"
        case "csv": "; did you mean csv:\(text)?"
        case "npy": "; did you mean npy:\(text),Y.npy with the file of targets?"
        default: ""
        }
    }
}
