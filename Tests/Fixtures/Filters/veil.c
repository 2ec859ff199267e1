/* SPDX-License-Identifier: Apache-2.0 */
/* veil.c: "filter.tls", in which every bit of a byte is turned over. The side that connects says "HI" and the domain it
 * wants, in clear, up to a line feed; the other one answers "HO" and a line feed. A NUL on the wire is an error, an EOT
 * the end, and "BYE" is said before an orderly close. */
#define _GNU_SOURCE
#include <martlet.h>
#include <stdlib.h>
#include <string.h>

static const mt_net_api *net;
static const mt_host    *server;

struct mt_filter {
    mt_stage *stage;
    bool      outgoing, ready;
};

static mt_result fits(const mt_host *host, mt_str address, uint32_t socket) {
    (void)socket;
    if (memmem(address.ptr, address.len, "127.0.0.9", 9))
        return host->fail(host, mt_s("no veil covers 127.0.0.9"), mt_s("listen elsewhere"));
    return MT_OK;
}

static mt_filter *open_veil(mt_call *call, mt_stage *stage, bool outgoing, mt_str peer_name) {
    mt_filter *veil = calloc(1, sizeof *veil);
    (void)call;
    veil->stage = stage;
    veil->outgoing = outgoing;
    if (outgoing) {
        net->wire(stage, mt_s("HI"));
        if (peer_name.len) net->wire(stage, mt_s(" ")), net->wire(stage, peer_name);
        net->wire(stage, mt_s("\n"));
    }
    return veil;
}

static mt_result turn(mt_stage *stage, mt_str bytes, mt_result (*to)(mt_stage *, mt_str)) {
    char turned[1000];
    while (bytes.len) {
        size_t count = bytes.len < sizeof turned ? bytes.len : sizeof turned;
        for (size_t i = 0; i < count; i++) turned[i] = (char)~bytes.ptr[i];
        mt_result result = to(stage, (mt_str){ turned, count });
        if (result != MT_OK) return MT_OK; /* it is over, and the server knows */
        bytes.ptr += count;
        bytes.len -= count;
    }
    return MT_OK;
}

static mt_result received(mt_call *call, mt_filter *veil, mt_str bytes) {
    (void)call;
    while (!veil->ready && bytes.len) {
        char first = *bytes.ptr++;
        bytes.len--;
        if (first != '\n') continue;
        if (!veil->outgoing) net->wire(veil->stage, mt_s("HO\n"));
        veil->ready = true;
        net->ready(veil->stage);
    }
    const char *nul = memchr(bytes.ptr, 0, bytes.len);
    if (nul) return MT_ERROR;
    const char *end = memchr(bytes.ptr, 4, bytes.len);
    if (end) {
        turn(veil->stage, (mt_str){ bytes.ptr, (size_t)(end - bytes.ptr) }, net->arrived);
        net->ended(veil->stage, mt_s("the veil fell"));
        return MT_OK;
    }
    return turn(veil->stage, bytes, net->arrived);
}

static mt_result send_plain(mt_call *call, mt_filter *veil, mt_str plain) {
    (void)call;
    return turn(veil->stage, plain, net->wire);
}

static void close_veil(mt_call *call, mt_filter *veil, bool orderly) {
    (void)call;
    if (orderly) net->wire(veil->stage, mt_s("BYE"));
    server->count(server, 0, 1);
    free(veil);
}

static mt_result init(const mt_host *host) {
    server = host;
    return MT_OK;
}

static const mt_filter_api api = { MT_HEAD(mt_filter_api, 1, 0), fits, open_veil, received, send_plain, close_veil };
static const mt_need    needs[]    = { { "martlet.net", 1, 0, 0, (const void **)&net } };
static const mt_offer   offers[]   = { { "filter.tls", &api.head } };
static const mt_counter counters[] = { { "closed", MT_COUNTER, 0, "filters that were closed" } };
static const mt_plugin  plugin = {
    MT_PLUGIN("veil", "1.0", "turns bytes over"), .needs = MT_LIST(needs), .offers = MT_LIST(offers),
    .counters = MT_LIST(counters), .init = init,
};

MARTLET_EXPORT const mt_plugin *martlet_plugin(uint32_t host_abi) {
    (void)host_abi;
    return &plugin;
}
