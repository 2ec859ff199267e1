// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "process.h"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <sys/random.h>
#include <unistd.h>

struct cl_heap cl_heap_state(void) {
    struct mallinfo2 info = mallinfo2();
    struct cl_heap heap = {
        .total = info.arena + info.hblkhd,
        .used = info.uordblks + info.hblkhd,
        .free = info.fordblks,
        .most = info.usmblks ? info.usmblks : info.arena + info.hblkhd,
        .pieces = info.ordblks,
    };
    return heap;
}

void cl_heap_return(void) { malloc_trim(0); }

int cl_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

int cl_pipe(int *ends, bool wait) { return pipe2(ends, O_CLOEXEC | (wait ? 0 : O_NONBLOCK)); }

uint64_t cl_random(void) {
    uint64_t number = 0;
    while (getrandom(&number, sizeof number, 0) < 0) continue;
    return number;
}

pid_t cl_fork(void) { return fork(); }
