/* SPDX-License-Identifier: Apache-2.0
 * rr.h: "rr" 1.1, record-routing and loose routing. Offered by the plugin rr. */
#ifndef RR_H
#define RR_H
#include <martlet.h>

enum { RR_DOWNSTREAM = 1, RR_UPSTREAM = 2 };

/* Event "rr.routed": loose_route() took a Route of ours that had parameters.
 * data points to this; params is what stood behind the URI's host and port.
 * MT_STOP: the request was answered, and loose_route() ends the script.       */
typedef struct rr_routed {
    mt_str   params;
    uint32_t direction; /* RR_DOWNSTREAM ...                                  */
    uint32_t preloaded; /* 1: the request has no To tag                       */
} rr_routed;

/* Asked by loose_route() before it looks at a request with a To tag. MT_SUSPEND:
 * it has called suspend() with this then and user, and the request is routed when
 * it goes on; anything else: at once.                                        */
typedef mt_result (*rr_gate)(mt_call *, mt_msg *, mt_fn then, void *user);

typedef struct rr_api {
    mt_head head;
    mt_result (*record_route)(mt_call *, mt_msg *, mt_str params);
    mt_result (*record_route_preset)(mt_call *, mt_msg *, mt_str first, mt_str second);
    mt_result (*loose_route)(mt_call *, mt_msg *);  /* 1, 2, -1, -2, -3        */
    /* ";name=value", into the Record-Route of this message, whether that was
     * inserted already or comes later.                                      */
    mt_result (*add_param)(mt_msg *, mt_str param);
    /* A parameter of the Route of ours that loose_route() took.              */
    bool      (*param)(mt_msg *, mt_str name, mt_str *value);
    uint32_t  (*direction)(mt_msg *);
    /* Since 1.1. There is one gate: whose dialogs may have to be fetched. [main],
     * up to "core.ready".                                                    */
    void      (*set_gate)(rr_gate);
} rr_api;
#endif
