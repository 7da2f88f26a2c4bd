#ifndef LS_DIGEST_H
#define LS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/// Takes bytes into four words that hardly ever are the same for other bytes, at the speed of memory: products of 64 by 64 bits, folded,
/// as in wyhash. It tells numbers apart that were computed, and guards against no adversary.
void ls_digest(uint64_t state[4], const uint8_t *bytes, size_t count);

/// The same of bytes that are there piece by piece: begins it.
void ls_digest_begin(uint64_t state[4]);

/// Takes in a piece that is not the last; its length is a multiple of 64.
void ls_digest_add(uint64_t state[4], const uint8_t *bytes, size_t length);

/// Takes in the last piece; `count` is the length of all.
void ls_digest_end(uint64_t state[4], const uint8_t *bytes, size_t length, size_t count);

#endif
