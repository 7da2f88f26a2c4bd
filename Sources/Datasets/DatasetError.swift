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
    case tooFewColumns(name: String)
    case badRecords(path: String, bytes: Int, record: Int)
    case tooFewExamples(requested: Int, available: Int)
    case notStandardizable(String)
    case standardizationMismatch(found: Int, expected: Int)
    case notClasses(String)
    case badFraction(Double)
    case damagedProgram(String)

    /// True where a text names no data; false where files are at fault.
    public var isOfRequest: Bool {
        switch self {
        case .unknownSpecification, .badSpecification: true
        default: false
        }
    }

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .unknownSpecification(let text):
            "unknown data '\(text)', expected one of \(DataSpecification.forms)" + Self.kindHint(text)
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
            "\(name): found inputs of shape \(shape.shown), expected N×D, N×H×W or N×C×H×W; "
                + "for a model that takes plain numbers, store x.reshape(len(x), -1)"
        case .unusableTargets(let name, let shape):
            "\(name): found targets of shape \(shape.shown), expected N class numbers or N×K real numbers"
        case .nonFiniteInput(let name, let row, let value):
            "\(name): row \(row) holds the input \(value), expected finite numbers; remove or fill in that row"
        case .nonFiniteTarget(let name, let row, let value):
            "\(name): row \(row) has the target \(value), expected finite numbers; remove or fill in that row"
        case .labelNotIntegral(let name, let row, let value):
            "\(name): row \(row) has the label \(value), expected a whole number from 0 in the last column; "
                + "for regression use npy: or npz: with real targets"
        case .labelNegative(let name, let row, let value):
            "\(name): row \(row) has the label \(value), expected 0 or more; number the classes from 0"
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
        case .notClasses(let name): "\(name) has real targets, so there are no labels to change; leave label noise out"
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
