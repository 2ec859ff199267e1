/* SPDX-License-Identifier: Apache-2.0
 * outbound.h: "outbound" 1.0, flow tokens (RFC 5626). Offered by the plugin outbound.
 *
 * Events: "outbound.flow-opened" the first token was given out for a flow; msg is
 *         the request that it was for;
 *         "outbound.flow-failed" a connection is gone that a token was given out
 *         for. data: const outbound_flow *                                   */
#ifndef OUTBOUND_H
#define OUTBOUND_H
#include <martlet.h>

enum { /* results of decode() besides MT_OK, MT_NO and MT_GONE                */
    OUTBOUND_FORGED = -2,  /* somebody made it up, or changed it              */
    OUTBOUND_EXPIRED = -3  /* it is older than flow_token_max_age             */
};

typedef struct outbound_flow {
    mt_flow  flow;
    int64_t  opened;       /* Unix time                                       */
    uint32_t tokens;       /* how many were given out                         */
    uint32_t reserved;
} outbound_flow;

typedef struct outbound_api {
    mt_head head;
    /* Does SIP Outbound apply to this request? MT_NO; 1: with a token of the way
     * that it came; 2: with the token of its Route, for it goes to that client.
     * route is the URI of the first Route as it arrived; absent: it is there
     * still, or there was none.                                              */
    mt_result (*use)(mt_call *, mt_msg *, mt_str route);
    /* That token, in the message's memory, for a Record-Route or Path of ours;
     * absent: it gets none.                                                  */
    mt_str    (*token)(mt_call *, mt_msg *, mt_str route);
    /* What a user part of ours stands for. MT_OK: flow is filled in, with its
     * socket and, for a stream, its connection. MT_GONE: the same, but nothing
     * leads there any more. MT_NO: it is no token; OUTBOUND_FORGED ...         */
    mt_result (*decode)(mt_call *, mt_msg *, mt_str token, mt_flow *flow);
} outbound_api;
#endif
