// OpenBLAS's C interface to BLAS, and the two LAPACK routines used, which Debian builds into the same library.
#pragma once
#include <cblas.h>

/// Eigenvalues and, with jobz "V", eigenvectors of a symmetric tridiagonal matrix: diagonal d[n], off-diagonal e[n-1].
void dstev_(const char *jobz, const int *n, double *d, double *e, double *z, const int *ldz, double *work, int *info);

/// Eigenvalues, ascending, and with jobz "V" eigenvectors of a symmetric matrix a[lda×n], column-major.
void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
            const int *lwork, int *info);
