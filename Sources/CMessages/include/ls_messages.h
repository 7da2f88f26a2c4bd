// MPI, found when the program runs: no header, no library and no option of the build.
//
// All functions but ls_mpi_load are for the one thread that called ls_mpi_start (MPI's "funneled" level).
#pragma once

/// Which binary interface a library has.
enum ls_mpi_interface { LS_MPI_NONE = 0, LS_MPI_OPEN = 1, LS_MPI_MPICH = 2, LS_MPI_STANDARD = 3 };

/// A transfer that is under way: an address in Open MPI and the standard interface, a number in MPICH.
typedef struct {
    void *handle;
} ls_mpi_request;

/// Loads the first of the libraries that can be; `names` ends with NULL. Returns its interface, or LS_MPI_NONE with what went wrong in `text`.
enum ls_mpi_interface ls_mpi_load(const char *const *names, char *text, unsigned long room);

/// "Open MPI v4.1.4 (/usr/lib/…)" of a library that is loaded.
const char *ls_mpi_version(void);

/// Starts MPI. Returns 0, or MPI's error.
int ls_mpi_start(int *rank, int *count);

/// Begins to send so many bytes, at most 2³⁰, with a tag. Returns 0, or MPI's error.
int ls_mpi_send(const void *data, int bytes, int to, int tag, ls_mpi_request *request);

/// Begins to receive so many bytes, at most 2³⁰, with a tag. Returns 0, or MPI's error.
int ls_mpi_receive(void *data, int bytes, int from, int tag, ls_mpi_request *request);

/// Tells whether a transfer is done, which frees it. Returns 0, or MPI's error.
int ls_mpi_test(ls_mpi_request *request, int *done);

/// Ends MPI, when every rank does.
void ls_mpi_finish(void);

/// Ends all ranks, as far as the launcher reaches them.
void ls_mpi_abort(int code);
