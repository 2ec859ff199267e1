/* SPDX-License-Identifier: Apache-2.0 */
/* parcel.c: "filter.ws", in which each message travels behind its size, four bytes, the most significant first. It
 * begins with a request of HTTP, which event_route[parcel:asked] may look at and refuse. A parcel of no bytes is answered
 * with one, by a timer. */
#include <martlet.h>
#include <stdlib.h>
#include <string.h>

static const mt_net_api     *net;
static const mt_message_api *message;
static const mt_loop_api    *loop;

struct mt_filter {
    mt_stage *stage;
    bool      ready;
    uint64_t  timer;
    size_t    count;
    char      bytes[70000];
};

static mt_filter *open_parcel(mt_call *call, mt_stage *stage, bool outgoing, mt_str peer_name) {
    mt_filter *parcel = calloc(1, sizeof *parcel);
    (void)call, (void)outgoing, (void)peer_name;
    parcel->stage = stage;
    return parcel;
}

static mt_result pong(mt_call *call) {
    mt_filter *parcel = call->user;
    parcel->timer = 0;
    net->wire(parcel->stage, (mt_str){ "\0\0\0", 4 });
    return MT_OK;
}

static mt_result asked(mt_call *call, mt_filter *parcel) {
    mt_msg *request = net->read(parcel->stage, (mt_str){ parcel->bytes, parcel->count });
    if (!request) return MT_ERROR;
    mt_result allowed = call->host->emit(call, 0, request, NULL);
    message->release(request);
    parcel->count = 0;
    if (allowed == MT_STOP) {
        net->wire(parcel->stage, mt_s("HTTP/1.1 403 Forbidden\r\n\r\n"));
        net->ended(parcel->stage, mt_s("not allowed"));
        return MT_OK;
    }
    net->wire(parcel->stage, mt_s("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
    parcel->ready = true;
    net->ready(parcel->stage);
    return MT_OK;
}

static mt_result received(mt_call *call, mt_filter *parcel, mt_str bytes) {
    while (bytes.len) {
        if (parcel->count == sizeof parcel->bytes) return MT_ERROR;
        parcel->bytes[parcel->count++] = *bytes.ptr++;
        bytes.len--;
        if (!parcel->ready) {
            if (parcel->count < 4 || memcmp(parcel->bytes + parcel->count - 4, "\r\n\r\n", 4)) continue;
            if (asked(call, parcel) < 0) return MT_ERROR;
            continue;
        }
        if (parcel->count < 4) continue;
        const unsigned char *size = (const unsigned char *)parcel->bytes;
        size_t whole = 4 + ((size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3]);
        if (whole > sizeof parcel->bytes) return MT_ERROR;
        if (parcel->count < whole) continue;
        parcel->count = 0;
        if (whole == 4 && !parcel->timer) {
            parcel->timer = loop->after(call->host, call->worker, 1, pong, parcel);
        } else if (net->message(parcel->stage, (mt_str){ parcel->bytes + 4, whole - 4 }) != MT_OK) {
            return MT_OK;
        }
    }
    return MT_OK;
}

static mt_result send_plain(mt_call *call, mt_filter *parcel, mt_str plain) {
    char size[4] = { (char)(plain.len >> 24), (char)(plain.len >> 16), (char)(plain.len >> 8), (char)plain.len };
    (void)call;
    net->wire(parcel->stage, (mt_str){ size, 4 });
    net->wire(parcel->stage, plain);
    return MT_OK;
}

static void close_parcel(mt_call *call, mt_filter *parcel, bool orderly) {
    (void)call;
    if (orderly && parcel->ready) net->wire(parcel->stage, mt_s("\xff\xff\xff\xff"));
    if (parcel->timer) loop->cancel(parcel->timer);
    free(parcel);
}

static const mt_filter_api api = {
    MT_HEAD(mt_filter_api, 1, 0), NULL, open_parcel, received, send_plain, close_parcel
};
static const mt_need  needs[]  = { { "martlet.net", 1, 0, 0, (const void **)&net },
                                   { "martlet.message", 1, 0, 0, (const void **)&message },
                                   { "martlet.loop", 1, 0, 0, (const void **)&loop } };
static const mt_offer offers[] = { { "filter.ws", &api.head } };
static const mt_event events[] = { { "asked", "a handshake; msg is the request" } };
static const mt_plugin plugin = {
    MT_PLUGIN("parcel", "1.0", "packs messages"), .needs = MT_LIST(needs), .offers = MT_LIST(offers),
    .events = MT_LIST(events),
};

MARTLET_EXPORT const mt_plugin *martlet_plugin(uint32_t host_abi) {
    (void)host_abi;
    return &plugin;
}
