// SPDX-License-Identifier: Apache-2.0
// For builds with -fsanitize=thread only.
//
// Two threads that meet at a Mutex of Swift's standard library are put in order by the kernel (futex(2), FUTEX_LOCK_PI), out
// of a library that is not instrumented: the sanitizer would take what each does under the lock for a race. So these calls
// pass through here, and it is told who came after whom.
#include <CLinux.h>

#if defined(__has_feature) && defined(__x86_64__)
#if __has_feature(thread_sanitizer)
#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/syscall.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

/// In place of libc's, for the whole process.
__attribute__((visibility("default"), no_sanitize("thread"))) long syscall(long number, ...) {
    va_list words;
    va_start(words, number);
    long a = va_arg(words, long), b = va_arg(words, long), c = va_arg(words, long);
    long d = va_arg(words, long), e = va_arg(words, long), f = va_arg(words, long);
    va_end(words);
    int  command = number == SYS_futex ? (int)b & FUTEX_CMD_MASK : -1;
    long result;
    if (command == FUTEX_UNLOCK_PI) __tsan_release((void *)a);
    register long d2 __asm__("r10") = d;
    register long e2 __asm__("r8")  = e;
    register long f2 __asm__("r9")  = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(d2), "r"(e2), "r"(f2)
                     : "rcx", "r11", "memory");
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return -1;
    }
    if (command == FUTEX_LOCK_PI || command == FUTEX_TRYLOCK_PI) __tsan_acquire((void *)a);
    return result;
}
#endif
#endif
