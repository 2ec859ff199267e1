// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "resolve.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

// ---- Answers: everything in them is a stranger's, so every length is looked at.

struct message {
    const u_char *start, *end;
};

static uint16_t short_at(const u_char *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static uint32_t long_at(const u_char *at) { return (uint32_t)short_at(at) << 16 | short_at(at + 2); }

/// A name, perhaps compressed, before `end`; NULL, or what is behind it.
static const u_char *take_name(const struct message *message, const u_char *at, const u_char *end, char *name) {
    if (at >= end) return NULL;
    int taken = dn_expand(message->start, message->end, at, name, NS_MAXDNAME);
    return taken > 0 && taken <= end - at ? at + taken : NULL;
}

/// A text with its length in front, as NAPTR has it, into room for 256; NULL, or what is behind it.
static const u_char *take_text(const u_char *at, const u_char *end, char *text) {
    if (at >= end || end - at < 1 + *at) return NULL;
    size_t count = *at;
    memcpy(text, at + 1, count);
    text[count] = 0;
    return memchr(text, 0, count) ? NULL : at + 1 + count; // nobody's flag or service has a zero in it
}

struct texts {
    char owner[NS_MAXDNAME], name[NS_MAXDNAME], flags[256], service[256], pattern[256], text[4096];
};

/// Texts one after the other, as many as there is room for.
static bool read_texts(const u_char *at, const u_char *end, struct texts *texts) {
    size_t length = 0;
    while (at < end) {
        size_t count = *at;
        if ((size_t)(end - at) < 1 + count) return false;
        if (length + count < sizeof texts->text) {
            memcpy(texts->text + length, at + 1, count);
            length += count;
        }
        at += 1 + count;
    }
    texts->text[length] = 0;
    return true;
}

static bool read_data(
    const struct message *message, const u_char *at, const u_char *end, struct cl_record *out,
    struct texts *texts) {
    switch (out->type) {
    case CL_RECORD_A:
        if (end - at != 4) return false;
        out->address[10] = out->address[11] = 0xff;
        memcpy(out->address + 12, at, 4);
        return true;
    case CL_RECORD_AAAA:
        if (end - at != 16) return false;
        memcpy(out->address, at, 16);
        return true;
    case CL_RECORD_CNAME:
    case CL_RECORD_PTR:
        out->name = texts->name;
        return take_name(message, at, end, texts->name) == end;
    case CL_RECORD_SRV:
        if (end - at < 7) return false;
        out->first = short_at(at);
        out->second = short_at(at + 2);
        out->port = short_at(at + 4);
        out->name = texts->name;
        return take_name(message, at + 6, end, texts->name) == end;
    case CL_RECORD_NAPTR:
        if (end - at < 8) return false;
        out->first = short_at(at);
        out->second = short_at(at + 2);
        out->flags = texts->flags;
        out->service = texts->service;
        out->pattern = texts->pattern;
        out->name = texts->name;
        return (at = take_text(at + 4, end, texts->flags)) && (at = take_text(at, end, texts->service))
               && (at = take_text(at, end, texts->pattern)) && take_name(message, at, end, texts->name) == end;
    case CL_RECORD_TXT:
        out->name = texts->text;
        return read_texts(at, end, texts);
    case CL_RECORD_SOA: // two names and five numbers, the last of which is how long "no" holds
        if (!(at = take_name(message, at, end, texts->name))) return false;
        if (!(at = take_name(message, at, end, texts->name)) || end - at != 20) return false;
        out->minimum = long_at(at + 16);
        return true;
    default: return true;
    }
}

/// One record; NULL, or what is behind it.
static const u_char *read_record(
    const struct message *message, const u_char *at, bool is_authority, cl_record_found found, void *context) {
    struct texts texts;
    if (!(at = take_name(message, at, message->end, texts.owner)) || message->end - at < 10) return NULL;
    uint32_t ttl = long_at(at + 4);
    struct cl_record record = {
        .type = short_at(at),
        .isAuthority = is_authority,
        .ttl = ttl > INT32_MAX ? 0 : ttl, // RFC 2181, 8
        .owner = texts.owner,
    };
    uint16_t class = short_at(at + 2), count = short_at(at + 8);
    at += 10;
    if (message->end - at < count) return NULL;
    if (class == ns_c_in) {
        if (!read_data(message, at, at + count, &record, &texts)) return NULL;
        found(context, &record);
    }
    return at + count;
}

int cl_answer_read(const uint8_t *answer, size_t count, cl_record_found found, void *context) {
    struct message message = {answer, answer + count};
    if (count < NS_HFIXEDSZ || !(answer[2] & 0x80)) return -1;
    const u_char *at = answer + NS_HFIXEDSZ;
    for (int questions = short_at(answer + 4); questions > 0; questions--) {
        int taken = dn_skipname(at, message.end);
        if (taken <= 0 || message.end - at < taken + NS_QFIXEDSZ) return -1;
        at += taken + NS_QFIXEDSZ;
    }
    for (int section = 0; section < 2; section++)
        for (int records = short_at(answer + 6 + 2 * section); records > 0; records--)
            if (!(at = read_record(&message, at, section == 1, found, context))) return -1;
    return answer[3] & 15;
}

// ---- Questions

struct cl_resolver {
    struct __res_state state;
};

struct cl_resolver *cl_resolver_make(const struct cl_resolver_options *options) {
    struct cl_resolver *resolver = calloc(1, sizeof *resolver);
    if (!resolver) return NULL;
    if (res_ninit(&resolver->state) != 0) {
        free(resolver);
        return NULL;
    }
    if (options->seconds > 0) resolver->state.retrans = options->seconds;
    if (options->attempts > 0) resolver->state.retry = options->attempts;
    if (options->servers > 0 && options->servers < resolver->state.nscount)
        resolver->state.nscount = options->servers;
    return resolver;
}

void cl_resolver_free(struct cl_resolver *resolver) {
    if (!resolver) return;
    res_nclose(&resolver->state);
    free(resolver);
}

void cl_resolver_ask_only(struct cl_resolver *resolver, const struct cl_address *servers, int count) {
    res_state state = &resolver->state;
    int taken = 0;
    for (int i = 0; i < count && taken < MAXNS; i++) {
        struct sockaddr_in6 name;
        bool v4 = cl_is_v4(servers[i].bytes);
        cl_name(&name, v4, servers[i].bytes, servers[i].port, servers[i].scope);
        // glibc keeps IPv6 servers apart; a slot without a family means that its server is there.
        struct sockaddr_in6 *kept = state->_u._ext.nsaddrs[taken];
        if (v4) {
            free(kept);
            state->_u._ext.nsaddrs[taken] = NULL;
            memcpy(&state->nsaddr_list[taken], &name, sizeof(struct sockaddr_in));
        } else {
            if (!kept && !(kept = calloc(1, sizeof *kept))) continue;
            memcpy(kept, &name, sizeof *kept);
            state->_u._ext.nsaddrs[taken] = kept;
            memset(&state->nsaddr_list[taken], 0, sizeof state->nsaddr_list[taken]);
        }
        taken++;
    }
    state->nscount = taken;
    state->_u._ext.nscount = 0; // its copy is made anew
}

int cl_resolver_dots(const struct cl_resolver *resolver) { return resolver->state.ndots; }

const char *cl_resolver_domain(const struct cl_resolver *resolver, int index) {
    if (index < 0 || index >= MAXDNSRCH) return NULL;
    for (int i = 0; i < index; i++)
        if (!resolver->state.dnsrch[i]) return NULL;
    return resolver->state.dnsrch[index];
}

int cl_resolver_ask(struct cl_resolver *resolver, const char *name, int type, uint8_t *answer, int room) {
    u_char question[NS_PACKETSZ];
    int count = res_nmkquery(
        &resolver->state, ns_o_query, name, ns_c_in, type, NULL, 0, NULL, question, sizeof question);
    if (count < 0) return -2;
    int size = res_nsend(&resolver->state, question, count, answer, room);
    return size < NS_HFIXEDSZ ? -1 : size > room ? -1 : size;
}
