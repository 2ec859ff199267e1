/* SPDX-License-Identifier: Apache-2.0
 * xhttp.h: "xhttp" 1.0, offered by the plugin xhttp: answers to HTTP requests that
 * came by SIP's streams (event_route[xhttp:request]).                         */
#ifndef XHTTP_H
#define XHTTP_H
#include <martlet.h>

typedef struct xhttp_api {
    mt_head head;
    /* Answers the request msg. type absent: no Content-Type; body may be absent.
     * MT_NO: it is none that came by HTTP. [worker]                          */
    mt_result (*reply)(mt_call *, mt_msg *, int32_t status, mt_str reason,
                       mt_str type, mt_str body);
    /* The same later, along the flow that the request came by. close: the
     * connection ends behind it. MT_GONE: it has ended. [any]                */
    mt_result (*reply_to)(const mt_flow *, bool close, int32_t status, mt_str reason,
                          mt_str type, mt_str body);
    /* Will the connection end behind the answer to msg? For reply_to().      */
    bool (*closes)(const mt_msg *);
} xhttp_api;
#endif
