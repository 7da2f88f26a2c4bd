// Three binary interfaces differ in what a handle is: Open MPI's are addresses of objects in the library, those of MPICH and its
// relatives (Intel's, Cray's, MVAPICH's) are numbers, and those of the standard interface of MPI 5 are other numbers. Three handles
// and one constant are all that is needed here.
#define _GNU_SOURCE
#include "ls_messages.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef void *handle;

static struct {
    int (*init)(int *, char ***, int, int *), (*rank)(handle, int *), (*size)(handle, int *), (*finalize)(void), (*abort)(handle, int);
    int (*send)(const void *, int, handle, int, int, handle, void *), (*receive)(void *, int, handle, int, int, handle, void *);
    int (*test)(void *, int *, void *), (*errors)(handle, handle), (*version)(char *, int *);
    handle world, byte, returns;
    int funneled;
    char text[9000];
} mpi;

static enum ls_mpi_interface found(void *library, const char *path) {
    mpi.funneled = 1;
    if (dlsym(library, "ompi_mpi_comm_world")) {
        mpi.world = dlsym(library, "ompi_mpi_comm_world");
        mpi.byte = dlsym(library, "ompi_mpi_byte");
        mpi.returns = dlsym(library, "ompi_mpi_errors_return");
        return mpi.byte && mpi.returns ? LS_MPI_OPEN : LS_MPI_NONE;
    }
    if (strstr(path, "libmpi_abi")) {
        mpi.world = (handle)0x101, mpi.byte = (handle)0x247, mpi.returns = (handle)0x143, mpi.funneled = 1024;
        return LS_MPI_STANDARD;
    }
    if (strstr(mpi.text, "MPICH") || strstr(mpi.text, "Intel") || strstr(mpi.text, "MVAPICH")) {
        mpi.world = (handle)0x44000000, mpi.byte = (handle)0x4c00010d, mpi.returns = (handle)0x54000001;
        return LS_MPI_MPICH;
    }
    return LS_MPI_NONE;
}

enum ls_mpi_interface ls_mpi_load(const char *const *names, char *text, unsigned long room) {
    void *library = NULL;
    // Plugins of the library look for its symbols among those of the whole program.
    for (; *names && !library; names++) library = dlopen(*names, RTLD_NOW | RTLD_GLOBAL);
    if (!library) {
        const char *reason = dlerror();
        snprintf(text, room, "%s", reason ? reason : "no name");
        return LS_MPI_NONE;
    }
    struct {
        const char *name;
        void *place;
    } const wanted[] = {
        {"MPI_Init_thread", &mpi.init}, {"MPI_Comm_rank", &mpi.rank},         {"MPI_Comm_size", &mpi.size},
        {"MPI_Finalize", &mpi.finalize}, {"MPI_Abort", &mpi.abort},            {"MPI_Isend", &mpi.send},
        {"MPI_Irecv", &mpi.receive},     {"MPI_Test", &mpi.test},              {"MPI_Comm_set_errhandler", &mpi.errors},
        {"MPI_Get_library_version", &mpi.version},
    };
    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        void *function = dlsym(library, wanted[i].name);
        if (!function) {
            snprintf(text, room, "it has no %s", wanted[i].name);
            return LS_MPI_NONE;
        }
        memcpy(wanted[i].place, &function, sizeof function);
    }
    Dl_info where = {0};
    void *init;
    memcpy(&init, &mpi.init, sizeof init);
    const char *path = dladdr(init, &where) && where.dli_fname ? where.dli_fname : "";
    int length = 0;
    mpi.version(mpi.text, &length);
    enum ls_mpi_interface interface = found(library, path);
    // "Open MPI v4.1.4, package: …", "MPICH Version:      4.0.2\n…"
    mpi.text[strcspn(mpi.text, ",\n")] = 0;
    if (interface == LS_MPI_NONE) snprintf(text, room, "its binary interface is not known: %.200s", mpi.text);
    unsigned long used = strlen(mpi.text);
    snprintf(mpi.text + used, sizeof mpi.text - used, " (%s)", path);
    return interface;
}

const char *ls_mpi_version(void) { return mpi.text; }

int ls_mpi_start(int *rank, int *count) {
    int provided = 0, failure = mpi.init(NULL, NULL, mpi.funneled, &provided);
    // A rank that is gone is to be told of and not to end the others before they have kept their work.
    if (!failure) failure = mpi.errors(mpi.world, mpi.returns);
    if (!failure) failure = mpi.rank(mpi.world, rank);
    return failure ? failure : mpi.size(mpi.world, count);
}

int ls_mpi_send(const void *data, int bytes, int to, int tag, ls_mpi_request *request) {
    return mpi.send(data, bytes, mpi.byte, to, tag, mpi.world, &request->handle);
}

int ls_mpi_receive(void *data, int bytes, int from, int tag, ls_mpi_request *request) {
    return mpi.receive(data, bytes, mpi.byte, from, tag, mpi.world, &request->handle);
}

int ls_mpi_test(ls_mpi_request *request, int *done) {
    // Room for a status of any interface.
    long status[16];
    return mpi.test(&request->handle, done, status);
}

void ls_mpi_finish(void) { mpi.finalize(); }

void ls_mpi_abort(int code) { mpi.abort(mpi.world, code); }
