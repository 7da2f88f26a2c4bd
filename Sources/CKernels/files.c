#define _GNU_SOURCE
#include "ls_files.h"

#include <errno.h>
#include <fcntl.h>

int ls_punch_hole(int descriptor, int64_t offset, int64_t length) {
#ifdef FALLOC_FL_PUNCH_HOLE
    return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) == 0 ? 0 : errno;
#else
    return ENOTSUP;
#endif
}
