// SPDX-License-Identifier: Apache-2.0
// Questions to name servers, by libc's resolver, and what stands in their answers.
#ifndef CLINUX_RESOLVE_H
#define CLINUX_RESOLVE_H

#include "socket.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The types of records that are read, as they are numbered in the DNS.
enum {
    CL_RECORD_A = 1, CL_RECORD_CNAME = 5, CL_RECORD_SOA = 6, CL_RECORD_PTR = 12, CL_RECORD_TXT = 16,
    CL_RECORD_AAAA = 28, CL_RECORD_SRV = 33, CL_RECORD_NAPTR = 35
};

/// One record; texts end with a zero and are there until the callback returns.
struct cl_record {
    uint16_t type;
    bool isAuthority;         // rather than the answer itself
    uint32_t ttl;
    uint8_t address[16];      // A, as IPv4-mapped, and AAAA
    uint16_t first, second;   // priority and weight; order and preference
    uint16_t port;            // of a SRV
    uint32_t minimum;         // of a SOA
    const char *owner;
    const char *name;         // of CNAME, PTR, SRV; what a NAPTR is replaced by; the text of a TXT
    const char *flags, *service, *pattern; // of a NAPTR
};
typedef void (*cl_record_found)(void *context, const struct cl_record *record);

/// Calls `found` for each record of an answer. The answer's code (0: no error, 3: no such name), or -1 when it is
/// no answer: what was found before that is to be forgotten.
int cl_answer_read(const uint8_t *answer, size_t count, cl_record_found found, void *context);

/// What a resolver holds to; 0: as the system's files say.
struct cl_resolver_options {
    int seconds, attempts, servers;
};

/// A resolver of the system, /etc/resolv.conf, for one thread at a time; or NULL.
struct cl_resolver;
struct cl_resolver *cl_resolver_make(const struct cl_resolver_options *options);
void cl_resolver_free(struct cl_resolver *resolver);

/// Asks these instead of those in /etc/resolv.conf; three at most.
void cl_resolver_ask_only(struct cl_resolver *resolver, const struct cl_address *servers, int count);

/// How many dots a name has that is asked for as it is first; and the i-th domain that is tried behind it, or NULL.
int cl_resolver_dots(const struct cl_resolver *resolver);
const char *cl_resolver_domain(const struct cl_resolver *resolver, int index);

/// Asks, and waits. How long the answer is; -1: nobody gave one, -2: nobody can be asked for such a name. One that
/// does not fit into a datagram is asked for again by TCP.
int cl_resolver_ask(struct cl_resolver *resolver, const char *name, int type, uint8_t *answer, int room);

#endif
