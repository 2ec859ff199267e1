/* SPDX-License-Identifier: Apache-2.0
 * sca.h: what the plugin sca, shared call appearances, tells others.
 *
 * Event "sca.state-changed": an appearance is in another state, or in another
 * call. call->msg is a made-up OPTIONS to the line; data points to an
 * sca_change.                                                                 */
#ifndef SCA_H
#define SCA_H
#include <martlet.h>

enum { /* states, as lists and tables have them                               */
    SCA_IDLE, SCA_SEIZED, SCA_PROGRESSING, SCA_ALERTING,
    SCA_ACTIVE_PENDING, /* answered, and there was no ACK yet                 */
    SCA_ACTIVE, SCA_HELD, SCA_HELD_PRIVATE
};

typedef struct sca_change {
    uint32_t size;
    uint32_t index;     /* of the appearance                                  */
    uint32_t before, after; /* SCA_IDLE ...                                   */
    mt_str   aor;       /* the line, "sip:desk@example.com"                   */
    mt_str   owner;     /* the Contact of its telephone, or empty             */
    mt_str   callee;    /* the Contact of the far end, or empty               */
    mt_str   uri;       /* appearance-uri, or empty                           */
    mt_str   call_id, from_tag, to_tag; /* of its call, or empty              */
} sca_change;
#endif
