import ArrayFiles
import TestSupport
import Testing

@testable import Models

/// The step that the name of a checkpoint's file says.
@Suite struct StepNumbersTests {
    @Test(arguments: [
        (["c.epoch000.bin", "c.epoch001.bin", "c.epoch010.bin"], [0, 1, 10] as [Int?]),
        (["run/0.bin", "run/1.bin", "run/2.bin"], [0, 1, 2]),
        (["model_10.pth", "model_9.pth", "best.pth"], [10, 9, nil]),
        (["resnet20_e1.pt", "resnet20_e2.pt"], [1, 2]),
        (["epoch=0-step=100.ckpt", "epoch=1-step=200.ckpt"], [100, 200]),
        (["epoch=1-val=0.35.ckpt", "epoch=2-val=0.31.ckpt"], [1, 2]),
        (["a1-b10.pt", "a2-b20.pt"], [10, 20]), (["a1-b20.pt", "a2-b10.pt"], [nil, nil]),
        (["a.pt", "b.pt"], [nil, nil]), (["only7.pt"], [nil]), (["99999999999999999999999.pt", "x.pt"], [nil, nil]),
    ]) func steps(_ paths: [String], _ expected: [Int?]) {
        #expect(StepNumbers.steps(of: paths) == expected)
    }

    @Test func patterns() {
        #expect(StepNumbers.step(in: "run/epoch=12-step=340.ckpt", pattern: "epoch=N-*") == 12)
        #expect(StepNumbers.step(in: "run/epoch=12-step=340.ckpt", pattern: "*step=N") == 340)
        #expect(StepNumbers.step(in: "model_7.pt", pattern: "*_N") == 7)
        #expect(StepNumbers.step(in: "model_7.pt", pattern: "N") == nil)
        #expect(StepNumbers.step(in: "model_x.pt", pattern: "model_N") == nil)
    }
}
