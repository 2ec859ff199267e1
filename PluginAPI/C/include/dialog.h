/* SPDX-License-Identifier: Apache-2.0
 * dialog.h: "dialog" 1.0, calls that pass through. Offered by the plugin dialog.
 *
 * A dialog is named by a number that is never used twice; 0 is none, and one
 * that is over is answered with MT_GONE, absent or 0. Everything about it
 * happens on the worker of its Call-ID, and is called from there.
 *
 * Events, each with a dlg_event. There always is a call->msg: the message that
 * is told here, or, where none came (a timer, the database), a made-up OPTIONS
 * with the Call-ID, From and To of the dialog. In all of them that dialog is the
 * one at hand, also in what their event_routes and functions do.
 *   dialog.created    an INVITE makes a dialog: the request, to edit. Lifetime,
 *                     flags and variables are set by now. MT_STOP: it has been
 *                     answered; no dialog is made and it goes no further
 *   dialog.spiraled   the INVITE of a dialog came by again
 *   dialog.early      the first provisional reply of a branch; the reply
 *   dialog.start      a 2xx makes it a call; the reply. DLG_FORKED: of another
 *                     callee, in a record of its own, with copies of all data
 *   dialog.confirmed  the ACK to the 2xx; the ACK
 *   dialog.request    a request inside it is about to be routed; it, to edit.
 *                     MT_STOP: it has been answered and goes no further
 *   dialog.response   a reply is about to go on, to the INVITE that makes it
 *                     (DLG_INITIAL) or to a request inside it; the reply, to edit.
 *                     After early, start and failed of the same reply
 *   dialog.expiring   so long before the end of its lifetime as warn() said
 *   dialog.expired    its lifetime is over. MT_STOP: somebody has set another
 *   dialog.end        a call is over, for whatever cause; its record stays until
 *                     the last transaction of it is gone
 *   dialog.failed     it never became a call; the reply, or a made-up message
 *   dialog.loaded     it was read from the database
 *   dialog.forgotten  its record is about to go
 *   dialog.listing    it is about to be shown; show() adds lines               */
#ifndef DIALOG_H
#define DIALOG_H
#include <martlet.h>

enum { /* dlg_event.state: numbers that scripts and tables know              */
    DLG_UNCONFIRMED = 1, DLG_EARLY, DLG_CONFIRMED_NA /* no ACK yet */, DLG_CONFIRMED,
    DLG_DELETED
};
enum { /* dlg_event.direction: who sent the request                          */
    DLG_NO_DIRECTION, DLG_DOWNSTREAM /* the caller */, DLG_UPSTREAM /* the callee */
};
enum { /* whom to send to                                                    */
    DLG_CALLER = 1 << 0, DLG_CALLEE = 1 << 1, DLG_BOTH = DLG_CALLER | DLG_CALLEE
};
enum { /* dlg_event.flags                                                    */
    DLG_INITIAL = 1 << 0,  /* the transaction of the INVITE that makes it     */
    DLG_FORKED  = 1 << 1,  /* another callee answered the same INVITE         */
    DLG_LOCAL   = 1 << 2   /* the reply was made here, or stands for none     */
};
enum { /* dlg_event.cause, and dlg_info.cause: why it is over                */
    DLG_NOT_OVER, DLG_BYE /* one of the two hung up */,
    DLG_REFUSED /* a final reply of 300 and more */, DLG_UNANSWERED /* no final reply */,
    DLG_EXPIRED /* its lifetime */, DLG_ENDED /* terminate(), a command, the script */,
    DLG_UNREACHABLE /* pings were not answered, or 481, 408 to a request */,
    DLG_NO_ACK /* its ACK never came */
};
enum { /* properties: info(), set_properties()                               */
    DLG_BYE_ON_TIMEOUT = 1 << 0, DLG_PING_CALLER = 1 << 1, DLG_PING_CALLEE = 1 << 2,
    DLG_NO_RESET = 1 << 3 /* requests inside it do not start the lifetime again */
};
enum { /* text()                                                             */
    DLG_T_CALL_ID = 1, DLG_T_FROM_URI, DLG_T_FROM_TAG, DLG_T_TO_URI, DLG_T_TO_TAG,
    DLG_T_REQUEST_URI, DLG_T_CALLER_CONTACT, DLG_T_CALLEE_CONTACT, DLG_T_CALLER_ROUTES,
    DLG_T_CALLEE_ROUTES, DLG_T_REASON /* of its end */
};

typedef struct dlg_event {
    uint64_t dialog;
    uint64_t transaction; /* tm's number of it, or 0                          */
    mt_msg  *request;     /* that of the transaction, or NULL                 */
    mt_msg  *reply;       /* or NULL                                          */
    int32_t  status;      /* of the reply, or what stands for it; 0           */
    uint32_t state, direction, flags, cause;
    uint32_t owner;       /* expiring, expired: who set the lifetime; 0: nobody
                           * but dialog and the script                        */
} dlg_event;

typedef struct dlg_info { /* set size before the call                         */
    uint32_t size;
    uint32_t entry, id;   /* h_entry and h_id                                 */
    uint32_t state, cause, properties;
    uint32_t flags;       /* those of dlg_setflag()                           */
    uint32_t lifetime;    /* seconds                                          */
    uint32_t owner;       /* who set it                                       */
    uint32_t reserved;
    int64_t  created, started, ended; /* Unix time; 0: not yet                */
    int64_t  expires;     /* Unix time; 0: no timer runs                      */
    int64_t  limit;       /* Unix time that nothing prolongs; 0: none         */
} dlg_info;

typedef struct dlg_api {
    mt_head head;
    /* The dialog at hand for this request or reply, or 0.                    */
    uint64_t  (*find)(const mt_msg *);
    /* By its identifiers, on the worker of its Call-ID; an absent tag is any.  */
    uint64_t  (*match)(mt_call *, mt_str call_id, mt_str from_tag, mt_str to_tag);
    mt_result (*info)(uint64_t dialog, dlg_info *out);
    /* What it knows, until the callback returns; absent: nothing.             */
    mt_str    (*text)(uint64_t dialog, uint32_t field);

    /* A name for what you do to dialogs: yours in lists, logs and the
     * database. Returns your owner number, 1 ... [main], in init; 0: too many. */
    uint32_t  (*own)(const mt_host *, mt_str name);
    /* One word per dialog and owner, zero at first: kept in the database.      */
    uint64_t  (*word)(uint64_t dialog, uint32_t owner);
    mt_result (*set_word)(uint64_t dialog, uint32_t owner, uint64_t word);

    /* It ends that many seconds from now, or from the 2xx on if there was none
     * yet, but not later than its limits. From then on requests inside it do
     * not prolong it, only its owner does. 0 seconds: dialog's own lifetime
     * again. The answer is the lifetime it got, in seconds, or MT_GONE.        */
    int64_t   (*set_lifetime)(mt_call *, uint64_t dialog, uint32_t seconds, uint32_t owner);
    /* It ends that many seconds from now (or from the 2xx on) at the latest,
     * whatever anybody sets. The smallest limit counts; 0 takes it away. What a
     * script sets (dlg_set_timeout, the timeout AVP) limits owners as well.    */
    mt_result (*set_limit)(mt_call *, uint64_t dialog, uint32_t seconds);
    /* "dialog.expiring" is to come so many seconds before the end; 0: not.     */
    mt_result (*warn)(mt_call *, uint64_t dialog, uint32_t seconds);
    mt_result (*set_properties)(uint64_t dialog, uint32_t set, uint32_t clear);
    mt_result (*set_flags)(uint64_t dialog, uint32_t set, uint32_t clear);

    /* $dlg_var(name); an absent value takes it away. Kept in the database and
     * shown in lists. get: until the callback returns, or absent.              */
    mt_str    (*get)(uint64_t dialog, mt_str name);
    mt_result (*set)(uint64_t dialog, mt_str name, mt_str value);

    /* BYE to those sides (CANCEL and a refusal before the 2xx), with the reason
     * in Reason headers, logs and lists: ";cause=200;text=..." is made from text.
     * headers are whole lines for both, or absent. The cause may be one of DLG_. */
    mt_result (*terminate)(mt_call *, uint64_t dialog, uint32_t sides, uint32_t cause,
                           mt_str reason, mt_str headers);
    /* A request inside the dialog, to one side. done as with tm's send(); NULL:
     * nobody asks. OPTIONS do not use up a CSeq of the other side.             */
    mt_result (*send)(mt_call *, uint64_t dialog, uint32_t side, mt_str method,
                      mt_str headers, mt_str type, mt_str body, mt_fn done, void *user);

    /* Inside "dialog.listing" only: a line of what is shown. The value is copied. */
    mt_result (*show)(mt_call *, mt_str name, const mt_value *);
} dlg_api;
#endif
