/* SPDX-License-Identifier: Apache-2.0
 * outbound.h: "outbound" 1.0, flow tokens (RFC 5626). Offered by the plugin outbound. */
#ifndef OUTBOUND_H
#define OUTBOUND_H
#include <martlet.h>

typedef struct outbound_api {
    mt_head head;
    /* MT_OK: outbound applies to this request, so its Record-Route or Path
     * gets a token; MT_NO: it does not.                                     */
    mt_result (*use)(mt_call *, mt_msg *);
    /* The token of the flow that msg came by, in the message's memory.       */
    mt_str    (*encode)(mt_msg *);
    /* MT_OK: flow is filled in; MT_NO: not a token; -2: a forged one.        */
    mt_result (*decode)(mt_call *, mt_msg *, mt_str token, mt_flow *flow);
} outbound_api;
#endif
