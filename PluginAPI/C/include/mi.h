/* SPDX-License-Identifier: Apache-2.0
 * mi.h: "mi" 1.0, commands by the names that they had in the management interface of
 * Kamailio 4. Offered by the plugin mi_fifo.                                  */
#ifndef MI_H
#define MI_H
#include <martlet.h>

typedef struct mi_api {
    mt_head head;
    /* Runs one, and hands its answer on as text: the lines of the tree when code
     * is 200, otherwise the reason. done is called once, on the commands' thread,
     * unless the result is MT_NO: there is no such command. [any]             */
    mt_result (*run)(mt_str name, const mt_value *args, uint32_t argc,
                     void (*done)(void *user, int32_t code, mt_str text), void *user);
} mi_api;
#endif
