/* SPDX-License-Identifier: Apache-2.0
 * tm.h: "tm" 1.0, transactions. Offered by the plugin tm.
 *
 * A transaction is named by a number that is never used twice; 0 is none, and
 * one that is over is answered with MT_GONE or absent. Everything about it
 * happens on the worker of its Call-ID, and is called from there.
 *
 * Events, each with a tm_event; call->msg is what is told here:
 *   tm.created     a transaction was made; its request. Who answers it there
 *                  ends the script that was about to relay it
 *   tm.forwarding  a branch is about to go out; the branch's request, to edit
 *   tm.forwarded   it went out; the branch's request
 *   tm.response    a reply came to a branch; the reply, to edit
 *   tm.failed      all branches were refused, before failure_route; the request.
 *                  MT_STOP: somebody has answered or added branches
 *   tm.replying    a reply is about to go to the client; the reply, to edit
 *   tm.replied     it went out; the reply
 *   tm.acked       the ACK to a refusal came; the ACK
 *   tm.cancelled   the client cancelled; the CANCEL
 *   tm.timeout     a branch got no final answer in time; the branch's request
 *   tm.ended       the transaction is about to go; its request, or NULL
 *   tm.local-request   a request of our own is about to go out; it, to edit
 *   tm.local-response  a reply made here is about to go out; it, to edit      */
#ifndef TM_H
#define TM_H
#include <martlet.h>

enum { /* tm_event.flags, and those of a local request                        */
    TM_LOCAL     = 1 << 0, /* the request, or this reply, was made here        */
    TM_FAKED     = 1 << 1, /* the status stands for an answer that never came  */
    TM_CANCELLED = 1 << 2, /* the client has cancelled                         */
    TM_NO_ACK    = 1 << 3, /* local INVITE: done() sees to the ACK of a 2xx     */
    TM_EARLY     = 1 << 4  /* local: done() is told provisional replies too     */
};

typedef struct tm_event {
    uint64_t transaction;
    mt_msg  *request;      /* as it arrived, with what the script changed; NULL
                            * when it has been let go of                       */
    mt_msg  *reply;        /* or NULL                                          */
    int32_t  status;       /* of the reply, or what stands for it; 0           */
    int32_t  branch;       /* counted from 0, or -1                            */
    uint32_t flags;        /* TM_                                              */
    uint32_t reserved;
} tm_event;

typedef struct tm_api {
    mt_head head;
    /* Answers in the transaction of this message. MT_NO: it has none.        */
    mt_result (*reply)(mt_call *, mt_msg *, int32_t status, mt_str reason);

    /* The transaction of a request or reply, or 0.                           */
    uint64_t  (*find)(const mt_msg *);
    /* Makes one for a request, and relays it as t_relay() does.              */
    mt_result (*create)(mt_call *, mt_msg *);
    mt_result (*relay)(mt_call *, mt_msg *);
    /* Answers a transaction that was found earlier.                          */
    mt_result (*answer)(mt_call *, uint64_t transaction, int32_t status, mt_str reason);
    /* Its request, or NULL; the last status sent to the client, 0 for none.  */
    mt_msg   *(*request)(uint64_t transaction);
    int32_t   (*status)(uint64_t transaction);
    /* The To tag of replies that are made here, in the message's memory.     */
    mt_str    (*tag)(uint64_t transaction, mt_msg *);
    /* Cancels all branches that have no final answer, with this Reason body or
     * an absent one.                                                         */
    mt_result (*cancel)(mt_call *, uint64_t transaction, mt_str reason);
    /* Keeps the request until the transaction ends, for an owner of tm.ended. */
    mt_result (*hold)(uint64_t transaction);

    /* Sends a request of our own in a transaction of its own, along the flow or
     * where it says. done() is called with the final reply as call->msg, or
     * NULL and a status in its tm_event when none came. 0: it cannot be sent,
     * and done() is not called.                                              */
    uint64_t  (*send)(mt_call *, mt_msg *request, const mt_flow *, uint32_t flags,
                      mt_fn done, void *user);
} tm_api;
#endif
