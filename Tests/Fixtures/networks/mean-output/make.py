"""The loss of ../two-tasks as one number: the mean over the examples of the batch."""
import pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import *


two_tasks = sibling("two-tasks")


class MeanOfTwoTasks(two_tasks.TwoTasks):
    def forward(self, x, labels_a, target_b):
        return super().forward(x, labels_a, target_b).mean()


def problem():
    found = two_tasks.problem()
    found.module, found.options, found.loss = MeanOfTwoTasks(), "--loss output", lambda outputs, data: outputs[0]
    return found


if __name__ == "__main__":
    make(__file__, problem)
