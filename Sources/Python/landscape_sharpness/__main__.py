"""`python -m landscape_sharpness …` is `landscape …`."""
import os
import sys

from ._program import LandscapeError, program

try:
    path = program()
except LandscapeError as error:
    sys.exit(f"landscape: error: {error}")
os.execv(path, ["landscape", *sys.argv[1:]])
