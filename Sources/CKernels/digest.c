#include "ls_digest.h"

#include <string.h>

// The fractional parts of the square roots of 2, 3, 5, 7 and of 11, 13, 17, 19, made odd.
static const uint64_t starts[4] = {0x6a09e667f3bcc909, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1};
static const uint64_t factors[4] = {0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

static inline uint64_t folded(uint64_t a, uint64_t b) {
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// Adding the old word keeps what it knew where a factor happens to be 0.
static inline uint64_t mixed(uint64_t state, uint64_t first, uint64_t second, uint64_t factor) {
    return folded(first ^ state, second ^ factor) + (state << 29 | state >> 35);
}

void ls_digest_begin(uint64_t state[4]) {
    for (int i = 0; i < 4; i++) state[i] += starts[i];
}

void ls_digest_add(uint64_t state[4], const uint8_t *bytes, size_t length) {
    uint64_t s[4], words[8];
    memcpy(s, state, sizeof s);
    for (; length >= sizeof words; length -= sizeof words, bytes += sizeof words) {
        memcpy(words, bytes, sizeof words);
        for (int i = 0; i < 4; i++) s[i] = mixed(s[i], words[2 * i], words[2 * i + 1], factors[i]);
    }
    memcpy(state, s, sizeof s);
}

void ls_digest_end(uint64_t state[4], const uint8_t *bytes, size_t length, size_t count) {
    uint64_t s[4], words[8] = {0};
    size_t left = length % sizeof words;
    ls_digest_add(state, bytes, length - left);
    memcpy(s, state, sizeof s);
    memcpy(words, bytes + (length - left), left);
    for (int i = 0; i < 4; i++) s[i] = mixed(s[i], words[2 * i], words[2 * i + 1], factors[i]);
    // Every word comes to depend on every other.
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 4; i++) s[i] = mixed(s[i], s[(i + 1) % 4], s[(i + 2) % 4] + count, factors[(i + round) % 4]);
    memcpy(state, s, sizeof s);
}

void ls_digest(uint64_t state[4], const uint8_t *bytes, size_t count) {
    ls_digest_begin(state);
    ls_digest_end(state, bytes, count, count);
}
