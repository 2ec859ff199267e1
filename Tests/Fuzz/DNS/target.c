// SPDX-License-Identifier: Apache-2.0
// What a name server sends, read record by record: whatever it is, nothing outside of it is touched, and what is
// handed out are texts that end, as short as they may be.
#include <CLinux.h>
#include <stdlib.h>
#include <string.h>

static void check(const char *text, size_t longest) {
    if (text && strlen(text) > longest) abort();
}

static void found(void *context, const struct cl_record *record) {
    *(int *)context += 1;
    check(record->owner, 1024);
    check(record->name, record->type == CL_RECORD_TXT ? 65535 : 1024);
    check(record->flags, 255);
    check(record->service, 255);
    check(record->pattern, 255);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    // On the heap and no longer than it is, so that reading behind it is noticed.
    uint8_t *answer = malloc(count ? count : 1);
    memcpy(answer, bytes, count);
    int records = 0;
    // No record is shorter than a root name and what follows it.
    if (cl_answer_read(answer, count, found, &records) >= 0 && (size_t)records * 11 > count) abort();
    free(answer);
    return 0;
}
