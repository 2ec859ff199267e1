// SPDX-License-Identifier: Apache-2.0
// What belongs to the running thread.
#ifndef CLINUX_THREAD_H
#define CLINUX_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <unistd.h>

/// The first three are set once by each worker for its own thread, and are zero elsewhere.
struct cl_thread {
    void *worker;
    int64_t *counters;
    int32_t index;
    void *words[2];
};
extern _Thread_local struct cl_thread cl_thread_state;

static inline void *cl_worker(void) { return cl_thread_state.worker; }
static inline int64_t *cl_counters(void) { return cl_thread_state.counters; }
static inline int32_t cl_worker_index(void) { return cl_thread_state.index; }
static inline void cl_enter(void *worker, int64_t *counters, int32_t index) {
    cl_thread_state.worker = worker;
    cl_thread_state.counters = counters;
    cl_thread_state.index = index;
}

/// Two words of the running thread's own, zero at first, whatever thread it is. Their place never changes.
static inline void **cl_own_words(void) { return cl_thread_state.words; }

static inline void cl_thread_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
int cl_thread_id(void);

/// A counter with one writer and any number of readers.
static inline void cl_bump(int64_t *counter, int64_t by) {
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + by, __ATOMIC_RELAXED);
}
/// A counter with any number of writers.
static inline void cl_add(int64_t *counter, int64_t by) { __atomic_fetch_add(counter, by, __ATOMIC_RELAXED); }
static inline int64_t cl_load(const int64_t *counter) { return __atomic_load_n(counter, __ATOMIC_RELAXED); }

/// A word that several threads change at once.
static inline uint64_t cl_load64(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline void cl_store64(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}
static inline bool cl_swap64(uint64_t *word, uint64_t expected, uint64_t value) {
    return __atomic_compare_exchange_n(word, &expected, value, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

#endif
