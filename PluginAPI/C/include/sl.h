/* SPDX-License-Identifier: Apache-2.0
 * sl.h: "sl" 1.0, stateless replies. Offered by the plugin sl.
 *
 * Events: "sl.local-response" after a reply was sent, msg is the reply;
 *         "sl.filtered-ack"   an ACK to one of our replies was taken in.     */
#ifndef SL_H
#define SL_H
#include <martlet.h>

typedef struct sl_api {
    mt_head head;
    /* Answers call->msg, in its transaction if there is one (unless bind_tm is
     * 0), else statelessly. MT_OK, MT_NO: not sent, -2: no reply is wanted.   */
    mt_result (*reply)(mt_call *, int32_t status, mt_str reason);
    /* The same, always stateless.                                           */
    mt_result (*reply_stateless)(mt_call *, int32_t status, mt_str reason);
    /* Answers with the last error of call->msg (MT_F_ERROR), else 500.       */
    mt_result (*reply_error)(mt_call *);
    /* The To tag of stateless replies to this request, in its memory.        */
    mt_str    (*tag)(mt_msg *);
} sl_api;
#endif
