// SPDX-License-Identifier: Apache-2.0
// For builds with -fsanitize=thread only.
//
// A Mutex of Swift's standard library that is taken is waited for within the library, which is not instrumented: the
// sanitizer would take what two threads do under the lock, one after the other, for a race. So the three functions for
// that are passed through here, in Swift's calling convention, and it is told who came after whom.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

__attribute__((visibility("default"))) SWIFT void cl_lock(uint32_t thread, SELF) __asm__(LOCK);
__attribute__((visibility("default"))) SWIFT bool cl_try_lock(SELF) __asm__(TRY_LOCK);
__attribute__((visibility("default"))) SWIFT void cl_unlock(SELF) __asm__(UNLOCK);

/// The library's own function, looked up once. Threads that come at the same time find the same.
static void *real(void **known, const char *name) {
    void *found = __atomic_load_n(known, __ATOMIC_RELAXED);
    if (found) return found;
    found = dlsym(RTLD_NEXT, name);
    __atomic_store_n(known, found, __ATOMIC_RELAXED);
    return found;
}

SWIFT void cl_lock(uint32_t thread, SELF) {
    static void *known;
    SWIFT void (*lock)(uint32_t, SELF) = real(&known, LOCK);
    lock(thread, self);
    __tsan_acquire(self);
}

SWIFT bool cl_try_lock(SELF) {
    static void *known;
    SWIFT bool (*lock)(SELF) = real(&known, TRY_LOCK);
    if (!lock(self)) return false;
    __tsan_acquire(self);
    return true;
}

SWIFT void cl_unlock(SELF) {
    static void *known;
    SWIFT void (*unlock)(SELF) = real(&known, UNLOCK);
    __tsan_release(self);
    unlock(self);
}
#endif
#endif
