/* SPDX-License-Identifier: Apache-2.0
 * auth.h: "auth" 1.0, digest authentication, for those who know passwords. Offered by the plugin auth.
 *
 * find() says whose password is needed, check() whether it is the right one. What find() tells lives as
 * long as the message; so does what check() remembers for consume_credentials().                          */
#ifndef AUTH_H
#define AUTH_H
#include <martlet.h>

enum { /* what scripts get, too                                               */
    AUTH_OK = 1,
    AUTH_EXEMPT = 2,    /* of find(): ACK, CANCEL, PRACK carry no credentials  */
    AUTH_ERROR = -1, AUTH_WRONG = -2, AUTH_UNKNOWN = -3, AUTH_STALE = -4, AUTH_NONE = -5,
    AUTH_REUSED = -6, AUTH_MISMATCH = -8
};
enum { /* which header                                                        */
    AUTH_BY_METHOD,     /* Authorization of a REGISTER, Proxy-Authorization of others */
    AUTH_WWW, AUTH_PROXY
};
enum { /* flags of match()                                                    */
    AUTH_MATCH_USER = 1 << 0,
    AUTH_NOT_IN_CALLS = 1 << 1 /* not for INVITE, BYE, PRACK, UPDATE, MESSAGE  */
};

typedef struct auth_credentials {
    uint32_t size, kind;
    mt_str   username, user, domain, realm;
    mt_str   fields;    /* the body of the header                             */
    mt_header at;
} auth_credentials;

typedef struct auth_api {
    mt_head head;
    /* The credentials of a request for a realm, whose nonce is ours and young.
     * AUTH_OK, AUTH_EXEMPT, or why not.                                       */
    mt_result (*find)(mt_msg *, mt_str realm, uint32_t kind, auth_credentials *out);
    /* Is this the password, or the hash of user, realm and password, for a
     * method (absent: that of the request)? AUTH_OK: its sender is who he says. */
    mt_result (*check)(mt_msg *, const auth_credentials *, mt_str secret, bool is_hash, mt_str method);
    /* Is the user who From, or To of a REGISTER, says? AUTH_OK, AUTH_MISMATCH  */
    mt_result (*match)(mt_msg *, const auth_credentials *, uint32_t flags, bool with_domain);
    /* Without realm_prefix.                                                   */
    mt_str    (*strip)(mt_str realm);
} auth_api;
#endif
