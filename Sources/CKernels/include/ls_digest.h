#ifndef LS_DIGEST_H
#define LS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/// Takes bytes into four words that hardly ever are the same for other bytes, at the speed of memory: products of 64 by 64 bits, folded,
/// as in wyhash. It tells numbers apart that were computed, and guards against no adversary.
void ls_digest(uint64_t state[4], const uint8_t *bytes, size_t count);

#endif
