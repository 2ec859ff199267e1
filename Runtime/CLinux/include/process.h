// SPDX-License-Identifier: Apache-2.0
// What belongs to the process as a whole.
#ifndef CLINUX_PROCESS_H
#define CLINUX_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Bytes of the heap: what the process took from the system, what is in use, and in how many free pieces the rest is.
struct cl_heap {
    size_t total, used, free, most, pieces;
};
struct cl_heap cl_heap_state(void);

/// Gives the system what the allocator has and nobody uses. Whoever allocates meanwhile may wait a few milliseconds.
void cl_heap_return(void);

/// How many processors this process may run on, which taskset and containers limit.
int cl_processors(void);

/// A pipe that programs started by this one do not get; `wait`: whether reading and writing it may block.
int cl_pipe(int *ends, bool wait);

uint64_t cl_random(void);

/// Swift hides fork(), as it is seldom safe. It is here: before there is a second thread.
pid_t cl_fork(void);

#endif
