/// What to call in PyTorch so that the graph keeps the module's parameters.
package enum FaithfulExport {
    /// The export that keeps every one.
    package static let newer = "torch.onnx.export(model, x, \"model.onnx\", dynamo=True, optimize=False)"
    /// The same with the older exporter, which still merges equal tensors.
    package static let older =
        "torch.onnx.export(model, x, \"model.onnx\", dynamo=False, do_constant_folding=False, training=torch.onnx.TrainingMode.PRESERVE)"
}
