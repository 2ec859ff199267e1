/* SPDX-License-Identifier: Apache-2.0
 * usrloc.h: "usrloc" 1.0, who is registered where. Offered by the plugin usrloc.
 *
 * A table holds records by address of record (AoR), and a record contacts. What
 * is read is a copy in the memory of a message: nothing is locked meanwhile.   */
#ifndef USRLOC_H
#define USRLOC_H
#include <martlet.h>

typedef struct ul_table ul_table;

#define UL_NO_SOCKET UINT32_MAX
#define UL_ANY_METHOD UINT32_MAX /* ul_contact.methods: all                   */
enum { /* ul_contact.methods, as the column of that name has them             */
    UL_INVITE = 1 << 0, UL_CANCEL = 1 << 1, UL_ACK = 1 << 2, UL_BYE = 1 << 3, UL_INFO = 1 << 4,
    UL_REGISTER = 1 << 5, UL_SUBSCRIBE = 1 << 6, UL_NOTIFY = 1 << 7, UL_MESSAGE = 1 << 8,
    UL_OPTIONS = 1 << 9, UL_PRACK = 1 << 10, UL_UPDATE = 1 << 11, UL_REFER = 1 << 12,
    UL_PUBLISH = 1 << 13, UL_OTHER = 1 << 14
};
#define UL_GONE (-1)             /* ul_contact.expires in an update: take it away */

typedef struct ul_contact {
    uint32_t size;
    int32_t  q;                  /* thousandths, or -1                        */
    mt_str   uri, received, path, call_id, user_agent, instance;
    mt_str   ruid;               /* its name, the same as long as it is there */
    mt_str   aor;
    int64_t  expires;            /* Unix time; 0: never                       */
    int64_t  modified;           /* Unix time                                 */
    uint64_t connection;         /* 0: none, or it is not known               */
    uint32_t cseq, methods;      /* methods: UL_INVITE ...                    */
    uint32_t flags, cflags;
    uint32_t reg_id, socket, server_id;
    uint32_t dirty;              /* 1: not written to the database yet        */
    mt_str   attributes;         /* of xavp_contact, as restore() reads them   */
} ul_contact;

enum { /* ul_update.flags                                                     */
    UL_REPLACE = 1 << 0, /* what the update does not name is taken away        */
    UL_MEMORY  = 1 << 1  /* not to the database                                */
};
enum { /* results of update() besides MT_OK, MT_SUSPEND and MT_ERROR          */
    UL_OLD = -10,        /* an older CSeq than the one that is known           */
    UL_FULL = -11        /* more than max_contacts                             */
};
typedef struct ul_update { /* all of it happens, or nothing                   */
    uint32_t          size, flags;
    mt_str            aor;
    const ul_contact *contacts; /* modified, ruid and aor are not looked at    */
    uint32_t          count;
    uint32_t          max_contacts; /* 0: no limit                             */
    uint32_t          inserted, updated, removed; /* the answer                */
    uint32_t          reserved;
} ul_update;

/* Event "usrloc.contact-expired": data points to the ul_contact.             */

typedef struct usrloc_api {
    mt_head head;
    /* The table of that name; made when it is new. [main], before traffic     */
    ul_table *(*table)(const mt_host *, mt_str name);
    /* The table of that name, or NULL. [any]                                 */
    ul_table *(*find_table)(mt_str name);
    /* Is the domain part of an AoR?                                          */
    bool (*uses_domain)(void);
    /* Is what the database does not have refused?                            */
    bool (*needs_database)(void);
    /* May fetch() or update() of this table answer MT_SUSPEND?                 */
    bool (*waits)(ul_table *);
    /* Before the others are asked about this AoR: MT_OK, go on; MT_SUSPEND, it
     * is read from the database first: then done is called, on this worker.   */
    mt_result (*fetch)(mt_call *, ul_table *, mt_str aor, mt_fn done, void *user);
    /* The contacts that have not expired, best first, in msg's memory.       */
    const ul_contact *(*contacts)(mt_msg *, ul_table *, mt_str aor, uint32_t *count);
    /* The contact of that name; hash is what hash() said of its AoR. It is in
     * msg's memory, or NULL.                                                 */
    const ul_contact *(*contact)(mt_msg *, ul_table *, uint32_t hash, mt_str ruid);
    uint32_t (*hash)(mt_str aor);
    /* MT_OK: done; MT_SUSPEND: done in memory, and done is called on this
     * worker when it is on the disk as well, with MT_OK or MT_ERROR in
     * call->result.                                                          */
    mt_result (*update)(mt_call *, ul_table *, ul_update *, mt_fn done, void *user);
    /* Takes a contact away, or all of them when ruid is absent. MT_NO: there is
     * none. With an absent aor the contact is looked for everywhere.          */
    mt_result (*remove)(mt_call *, ul_table *, mt_str aor, mt_str ruid);
    /* The table behind this one, or the first behind NULL; NULL: it was the last. */
    ul_table *(*next_table)(ul_table *);
    /* Looking at all contacts, a part at a time: parts() of them. each is called
     * with a copy of each contact that has not expired as call->data.          */
    uint32_t (*parts)(void);
    void (*visit)(mt_call *, ul_table *, uint32_t part, mt_fn each, void *user);
    /* The branch flag that says: behind a NAT; -1: there is none.              */
    int32_t (*nat_flag)(void);
    /* As contacts(), with those that have expired and are still there.        */
    const ul_contact *(*kept)(mt_msg *, ul_table *, mt_str aor, uint32_t *count);
    /* What the script has left with the contact in $xavp of xavp_contact comes
     * back, in front of what is there. update() takes it from call->msg.      */
    void (*restore)(mt_msg *, const ul_contact *);
    /* Is there an xavp_contact?                                              */
    bool (*has_attributes)(void);
    /* Sockets stand in the database by what they are advertised as. [main], in
     * init.                                                                  */
    void (*advertise_sockets)(void);
} usrloc_api;
#endif
