/* SPDX-License-Identifier: Apache-2.0
 * tm.h: "tm" 0.1, transactions: what sl asks of them so far. A draft until the plugin tm exists. */
#ifndef TM_H
#define TM_H
#include <martlet.h>

typedef struct tm_api {
    mt_head head;
    /* Answers in the transaction of this message. MT_NO: it has none.        */
    mt_result (*reply)(mt_call *, mt_msg *, int32_t status, mt_str reason);
} tm_api;
#endif
