// One import of all that is public: models, objectives, analyses, results and figures.
@_exported import Analyses
@_exported import ArrayFiles
@_exported import Autodiff
@_exported import Datasets
@_exported import Essentials
@_exported import GroundTruth
@_exported import MatrixFree
@_exported import Models
@_exported import Networks
@_exported import ONNX
@_exported import Objectives
@_exported import Plotting
@_exported import Ranks
@_exported import Reporting
@_exported import Tensors
@_exported import Training
