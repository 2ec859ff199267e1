/* SPDX-License-Identifier: Apache-2.0
 * stun.h: "stun" 1.0, offered by the plugin stun. That it is there says that STUN
 * requests on SIP sockets are answered (RFC 5626, 8).                         */
#ifndef STUN_H
#define STUN_H
#include <martlet.h>

typedef struct stun_api {
    mt_head head;
} stun_api;
#endif
