// OpenBLAS's C interface to BLAS, and the three LAPACK routines used, which Debian builds into the same library.
#pragma once
#include <cblas.h>

/// Eigenvalues and, with jobz "V", eigenvectors of a symmetric tridiagonal matrix: diagonal d[n], off-diagonal e[n-1].
void dstev_(const char *jobz, const int *n, double *d, double *e, double *z, const int *ldz, double *work, int *info);

/// Eigenvalues, ascending, and with jobz "V" eigenvectors of a symmetric matrix a[lda×n], column-major.
void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
            const int *lwork, int *info);

/// Solves a x = b for a square a[lda×n] and nrhs right-hand sides b[ldb×nrhs], column-major, by LU with partial pivoting.
void dgesv_(const int *n, const int *nrhs, double *a, const int *lda, int *pivots, double *b, const int *ldb, int *info);
