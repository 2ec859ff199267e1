/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded before the server's own libraries (LD_PRELOAD), counts what the process asks of its heap.
 *
 * The counts stand in a file that MARTLET_TEST_HEAP names, which whoever watches has mapped too. While `watched` is
 * set there, the first callers are written down as well, as text: one call a paragraph, the innermost frame first. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct heap {
    _Atomic uint64_t allocations, frees, watched;
    _Atomic uint64_t described; /* calls written down so far */
    char             text[65536 - 32];
};
enum { MOST = 16, FRAMES = 24, SHARE = (65536 - 32) / MOST };

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void  __libc_free(void *);

static struct heap       *heap;
static _Thread_local bool describing;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("MARTLET_TEST_HEAP");
    int         fd   = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void       *at   = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *heap, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        fprintf(stderr, "allocations: MARTLET_TEST_HEAP is no file of %zu bytes\n", sizeof *heap);
        abort();
    }
    close(fd);
    void *frame[1];
    backtrace(frame, 1); /* loads what it needs, which allocates */
    heap = at;
}

static void describe(void) {
    uint64_t number = atomic_fetch_add(&heap->described, 1);
    if (number >= MOST) return;
    describing = true;
    void *frames[FRAMES];
    int   count = backtrace(frames, FRAMES), used = 0;
    char *text  = heap->text + number * SHARE;
    for (int i = 2; i < count && used < SHARE - 200; i++) {
        Dl_info found;
        if (!dladdr(frames[i], &found) || !found.dli_fname) continue;
        const char *file = strrchr(found.dli_fname, '/');
        used += snprintf(text + used, 200, "%s+0x%tx %.120s\n", file ? file + 1 : found.dli_fname,
                         (char *)frames[i] - (char *)found.dli_fbase, found.dli_sname ? found.dli_sname : "");
    }
    describing = false;
}

static void note(_Atomic uint64_t *which) {
    if (!heap || describing) return;
    atomic_fetch_add_explicit(which, 1, memory_order_relaxed);
    if (atomic_load_explicit(&heap->watched, memory_order_relaxed)) describe();
}
static void allocated(void) { if (heap) note(&heap->allocations); }

void *malloc(size_t size) { allocated(); return __libc_malloc(size); }
void *calloc(size_t count, size_t size) { allocated(); return __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { allocated(); return __libc_realloc(old, size); }
void *memalign(size_t boundary, size_t size) { allocated(); return __libc_memalign(boundary, size); }
void *aligned_alloc(size_t boundary, size_t size) { allocated(); return __libc_memalign(boundary, size); }
int   posix_memalign(void **out, size_t boundary, size_t size) {
    allocated();
    *out = __libc_memalign(boundary, size);
    return *out || !size ? 0 : ENOMEM;
}
void free(void *old) {
    if (old && heap) note(&heap->frees);
    __libc_free(old);
}
