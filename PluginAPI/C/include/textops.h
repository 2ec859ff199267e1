/* SPDX-License-Identifier: Apache-2.0
 * textops.h: "textops" 1.0, substitutions as sed writes them. Offered by the plugin textops. */
#ifndef TEXTOPS_H
#define TEXTOPS_H
#include <martlet.h>

typedef struct textops_substitution textops_substitution;

typedef struct textops_api {
    mt_head head;
    /* "/pattern/replacement/flags", with $variables in the replacement. It lives
     * as long as the process. NULL: it is malformed, and fail() said why. [main] */
    const textops_substitution *(*substitution)(mt_str source);
    /* The text after it, in msg's memory; absent when nothing matched.        */
    mt_str (*apply)(mt_call *, mt_msg *, const textops_substitution *, mt_str text);
    /* The same for one that is only known now; $variables in it stay text.    */
    mt_str (*substitute)(mt_call *, mt_msg *, mt_str source, mt_str text);
} textops_api;
#endif
