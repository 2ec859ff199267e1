// SPDX-License-Identifier: Apache-2.0
// Which worker a call belongs to, worked out the same way by the kernel and by us.
#ifndef CLINUX_STEER_H
#define CLINUX_STEER_H

#include <stdint.h>
#include <string.h>

enum {
    /// So much of a Call-ID counts: what the kernel's programs have room for.
    CL_STEER_WORDS = 12,
    /// A Call-ID begins behind this many bytes at most, or the kernel does not look for it.
    CL_STEER_REACH = 1600,
};
#define CL_STEER_SEED 0x5bd1e995u
#define CL_STEER_WORD 0x9e3779b1u
#define CL_STEER_LAST 0x85ebca6bu

/// The worker of a Call-ID. Whole words first, then the rest by bytes.
static inline uint32_t cl_owner(const uint8_t *bytes, size_t count, uint32_t workers) {
    uint32_t hash = CL_STEER_SEED;
    if (count > CL_STEER_WORDS * 4) count = CL_STEER_WORDS * 4;
    for (; count >= 4; count -= 4, bytes += 4) {
        uint32_t word;
        memcpy(&word, bytes, 4);
        hash = (hash ^ __builtin_bswap32(word)) * CL_STEER_WORD;
        hash ^= hash >> 15;
    }
    for (; count; count--, bytes++) {
        hash = (hash ^ *bytes) * CL_STEER_WORD;
        hash ^= hash >> 15;
    }
    return ((hash * CL_STEER_LAST) >> 16) * workers >> 16;
}

/// The kernel gives each datagram to the socket of its Call-ID's worker, whoever sent it: by address alone, one busy
/// peer would pin one worker. What it finds no Call-ID in it spreads at random.
int cl_spread(int fd, uint32_t workers);

#endif
