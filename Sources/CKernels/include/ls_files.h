#ifndef LS_FILES_H
#define LS_FILES_H

#include <stdint.h>

/// Gives the disk back what a part of a file takes, which then reads as zeros; the file keeps its size. 0, or an error number where the
/// system or the file system cannot.
int ls_punch_hole(int descriptor, int64_t offset, int64_t length);

#endif
