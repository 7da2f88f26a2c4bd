// MatrixFree
