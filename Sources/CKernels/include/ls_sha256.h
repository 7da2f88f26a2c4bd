#ifndef LS_SHA256_H
#define LS_SHA256_H

#include <stddef.h>
#include <stdint.h>

/// Takes `blocks` blocks of 64 bytes into the state of a SHA-256 digest (FIPS 180-4), by the processor's own instructions where it
/// has them. The caller pads the last block.
void ls_sha256(uint32_t state[8], const uint8_t *bytes, size_t blocks);

/// The same by the standard's definition, on any processor.
void ls_sha256_plain(uint32_t state[8], const uint8_t *bytes, size_t blocks);

#endif
