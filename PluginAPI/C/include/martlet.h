/* SPDX-License-Identifier: Apache-2.0 */
/* martlet.h: the Martlet plugin ABI, major version 1.
 *
 * A plugin is a shared object that exports one function, martlet_plugin().
 * It returns one constant table, mt_plugin, which says everything the server
 * has to know: what the plugin needs, what it offers, its parameters, script
 * functions, variables, commands, counters and hooks. The server checks the
 * whole table before it runs any other code of the plugin.
 *
 * Six rules hold everywhere in this file:
 *
 *   Results   Positive is yes, negative is no, zero is "stop here".
 *   Strings   mt_str borrows bytes and has no terminator. Copy what you keep.
 *   Lifetime  What a callback is given is valid until it returns. Tables and
 *             literals that a plugin hands over must live as long as it does;
 *             a plugin is never unloaded before the process ends.
 *   Threads   [main]    start-up and shut-down, one thread, no traffic.
 *             [worker]  inside a callback, on the worker that runs it.
 *             [any]     any thread at any time.
 *             A callback is [worker] unless its comment says otherwise. One
 *             message is never on two workers at once; your globals are.
 *   Calls     All messages with one Call-ID, and every timer, continuation and
 *             posted function started from them, run on one and the same worker:
 *             what you keep per call needs no lock. This is a promise.
 *   Growth    Tables only grow at their end, and lists of numbers too: take
 *             one you do not know as "some other". Types marked frozen never
 *             change. A plugin built for 1.x runs on every 1.y with y >= x.
 */
#ifndef MARTLET_H
#define MARTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Versions -----------------------------------------------------------
 *
 * MARTLET_MINOR is the oldest server your plugin runs on. Leave it at 0 and
 * the binary loads everywhere; later additions are then not even declared.
 * To use them, say so before the include:  #define MARTLET_MINOR 3          */

#define MARTLET_MAGIC 0x4C54524Du /* "MRTL" */
#define MARTLET_MAJOR 1
#ifndef MARTLET_MINOR
#define MARTLET_MINOR 0
#endif

#if defined(__GNUC__)
#define MARTLET_EXPORT __attribute__((visibility("default")))
#else
#define MARTLET_EXPORT
#endif

/* Every table of functions starts with a head: its size in bytes and the
 * version of the contract it keeps. Frozen.                                 */
typedef struct mt_head {
    uint32_t size;
    uint16_t major, minor;
} mt_head;

#define MT_HEAD(type, major, minor) { sizeof(type), (major), (minor) }

/* ---- Values -------------------------------------------------------------*/

typedef int32_t mt_result;
enum {
    MT_OK      = 1,         /* yes; in a script, true                        */
    MT_STOP    = 0,         /* end the script, or consume the event          */
    MT_NO      = -1,        /* no; in a script, false                        */
    MT_ERROR   = -2,        /* it went wrong, and fail() said why            */
    MT_TIMEOUT = -3,        /* it took too long                              */
    MT_GONE    = -4,        /* the handle is stale; nothing was done         */
    MT_SUSPEND = INT32_MIN  /* not finished; see suspend()                   */
};

/* Bytes owned by someone else. {NULL, 0} is "absent"; a non-NULL ptr with
 * len 0 is "present and empty". Text is UTF-8 or as received. Frozen.       */
typedef struct mt_str {
    const char *ptr;
    size_t      len;
} mt_str;

enum { /* mt_value.type; also the types of parameters and arguments          */
    MT_NULL,     /* absent                                                   */
    MT_INT,      /* num                                                      */
    MT_STR,      /* str                                                      */
    MT_BOOL,     /* num is 0 or 1                                            */
    MT_MS,       /* num is milliseconds; written 5, "500ms", "2s", "1h"      */
    MT_EXPR,     /* ptr is an mt_expr: anything with $variables in it        */
    MT_ROUTE,    /* num is a route; the name was checked when parsing        */
    MT_SOCKET,   /* num is a listening socket                                */
    MT_REGEX,    /* ptr is an mt_regex, compiled when parsing                */
    MT_URL       /* str is a storage URL, ptr its scheme's mt_store_api      */
};

typedef struct mt_value { /* Frozen. */
    uint32_t type;
    uint32_t reserved;
    int64_t  num;
    mt_str   str;
    void    *ptr;
} mt_value;

/* ---- Callbacks ----------------------------------------------------------
 *
 * There is one shape of callback. Whatever the server calls in a plugin, it
 * passes one mt_call and takes one mt_result. The fields that do not apply
 * are zero. The server owns the struct, so it may grow.                     */

typedef struct mt_host mt_host; /* the server, as one plugin sees it         */
typedef struct mt_msg  mt_msg;  /* a SIP message, or an edited copy          */
typedef struct mt_call mt_call;
typedef mt_result (*mt_fn)(mt_call *call);

struct mt_call {
    const mt_host  *host;   /* yours; the same pointer init() got            */
    void           *user;   /* what you registered along with the callback   */
    mt_msg         *msg;    /* the message, or NULL                          */
    const mt_value *args;   /* argc of them, each of its declared type or    */
    uint32_t        argc;   /*   MT_NULL; missing ones are filled in         */
    uint32_t        route;  /* the MT_IN_ bit of the running block, or 0     */
    uint32_t        worker; /* 0 .. host->workers - 1                        */
    mt_result       result; /* continuations: what resume() passed           */
    const void     *data;   /* hooks: the event's own struct                 */
    mt_value       *out;    /* variables and prepare(): put the answer here  */
};

/* ---- The plugin's table -------------------------------------------------*/

typedef struct mt_list { /* An array that says how wide its items are, so an
                          * item type may grow at its end. Frozen.           */
    const void *items;
    uint32_t    count, stride;
} mt_list;

#define MT_LIST(array) \
    { (array), (uint32_t)(sizeof(array) / sizeof *(array)), sizeof *(array) }

/* What the plugin needs. Before init() the server looks up each interface,
 * checks its version and stores the table in *slot, or refuses to load. The
 * plugin that offers it has to be loaded on an earlier line.                */
enum {
    MT_OPTIONAL = 1 << 0, /* may be missing: then *slot stays NULL           */
    MT_LATE     = 1 << 1, /* may be loaded on a later line: then *slot is set
                           * after init() and before "core.ready"            */
    MT_BRING    = 1 << 7  /* if no earlier line loads one that offers it, the
                           * plugin called like the interface is loaded, just
                           * before this one; a line of its own may follow    */
};
typedef struct mt_need {
    const char  *id;
    uint16_t     major, minor;
    uint32_t     flags;
    const void **slot;
} mt_need;

/* What it offers to others. The table starts with an mt_head.               */
typedef struct mt_offer {
    const char    *id;
    const mt_head *table;
} mt_offer;

/* A named, typed, checked value: a parameter, or an argument. What is written
 * as a constant is converted and checked once, when the file is read; what has
 * $variables in it, just before each call. With prepare, a constant is handed
 * to it [main] as args[0], and what it leaves in out->ptr comes along as ptr. */
enum {
    MT_REQUIRED   = 1 << 2, /* parameters: must be set                       */
    MT_RELOADABLE = 1 << 3, /* parameters: may change while running          */
    MT_SECRET     = 1 << 4, /* never shown in logs or by commands            */
    MT_VERBATIM   = 1 << 5, /* text is not searched for $variables; for a
                             * parameter a number is text as well            */
    MT_MANY       = 1 << 6  /* parameters: every line counts, see below      */
};
typedef struct mt_field {
    const char *name;
    uint32_t    type, flags;     /* arguments: MT_OPTIONAL                   */
    uint32_t    where, reserved; /* MT_ROUTE: the MT_IN_ bit of its kind     */
    int64_t     min, max;        /* of a number; both 0 for no limit         */
    const char *fallback;        /* the default as one would write it        */
    const char *help;
    mt_fn       prepare;
} mt_field;

/* The value of a MT_MANY parameter has the number of its lines in num and an
 * array of that many values in ptr; str is the last line's text.            */

enum { /* where a script function may be called                              */
    MT_IN_REQUEST = 1 << 0, MT_IN_REPLY  = 1 << 1, MT_IN_FAILURE = 1 << 2,
    MT_IN_BRANCH  = 1 << 3, MT_IN_SEND   = 1 << 4, MT_IN_LOCAL   = 1 << 5,
    MT_IN_EVENT   = 1 << 6, MT_IN_ERROR  = 1 << 7, MT_IN_ANY  = 0xff,
    MT_SUSPENDS   = 1 << 30 /* may return MT_SUSPEND                         */
};
typedef struct mt_function {
    const char *name;
    mt_fn       call;
    void       *user;
    mt_list     args;            /* of mt_field                              */
    uint32_t    where, reserved; /* MT_IN_ bits, MT_SUSPENDS                 */
    const char *help;
} mt_function;

/* $name, $name(key), $name(key)[index]. get and set receive the key and the
 * index as args[0] and args[1]; set receives the new value as args[2].
 * prepare may be NULL. A constant key, or MT_NULL where there is none, is handed
 * to it [main] as args[0] when the file is read, and refused unless it answers
 * MT_OK; what it leaves in out->ptr comes along as ptr of args[0]. Then a key
 * with $variables in it has no ptr.                                         */
typedef struct mt_variable {
    const char *name;
    mt_fn       get, set; /* set is NULL for read-only                       */
    void       *user;
    const char *help;
    mt_fn       prepare;
} mt_variable;

/* An RPC command, "plugin.name" to its callers; one that is to have no plugin's
 * name in front begins with a dot.                                          */
typedef struct mt_command {
    const char *name;
    mt_fn       call;
    void       *user;
    mt_list     args;            /* of mt_field                              */
    const char *help;
} mt_command;

enum { MT_COUNTER, MT_GAUGE };
typedef struct mt_counter { /* named by its position, in host->count()       */
    const char *name;
    uint32_t    kind, reserved;
    const char *help;
} mt_counter;

/* An event others can hook, "plugin.name" to them and event_route[plugin:name]
 * in a script. Named by its position, in host->emit().                      */
typedef struct mt_event {
    const char *name;
    const char *help; /* says which struct data points to                    */
} mt_event;

/* A hook on an event. Lower order runs earlier; MT_STOP ends the event.     */
typedef struct mt_hook {
    const char *event;
    mt_fn       call;
    void       *user;
    int32_t     order;
    uint32_t    flags; /* MT_OPTIONAL: the emitting plugin may be missing    */
} mt_hook;

/* The server's own events:
 *   core.ready     [main]  every plugin has been initialised
 *   core.complete  [main]  every need has its table, late ones too; a check of
 *                          the file comes as far as this, and what is wrong
 *                          with it is to be said here
 *   core.worker            a worker starts; msg is NULL
 *   core.request           a request arrived; MT_STOP: the script is not run
 *   core.reply             a reply arrived;   MT_STOP: it is not forwarded
 *   core.finished          the script is done with msg
 *   core.sending           msg is about to be sent; data: const mt_flow *
 *   core.opened, core.closed  a connection;         data: const mt_flow *
 *   core.reloaded  [main]  parameters have new values
 *   core.copied            msg is a copy; data: const mt_msg *, the original
 *   core.foreign           bytes that are no SIP, with two bits of zero in front;
 *                          MT_F_BYTES of msg has them, and nothing else of it
 *                          is there; data: const mt_flow *; MT_STOP: taken
 *   core.http              an HTTP/1 request on a stream: method, URI, version,
 *                          headers and body of msg are there; data: const
 *                          mt_flow *; MT_STOP: taken                           */

typedef struct mt_plugin {
    uint32_t    magic;        /* these four fields never change              */
    uint16_t    major, minor;
    uint32_t    size;
    uint32_t    flags;

    const char *name, *version, *help;
    mt_list     needs, offers, params /* of mt_field */, functions, variables,
                commands, counters, events, hooks;
    mt_result (*init)(const mt_host *host); /* [main] or NULL                */
    void      (*stop)(const mt_host *host); /* [main] or NULL                */
} mt_plugin;

#define MT_PLUGIN(NAME, VERSION, HELP)                                        \
    .magic = MARTLET_MAGIC, .major = MARTLET_MAJOR, .minor = MARTLET_MINOR,   \
    .size = sizeof(mt_plugin), .name = NAME, .version = VERSION, .help = HELP

/* The one exported symbol. host_abi is major << 16 | minor, for a plugin that
 * carries tables for several majors; others ignore it. The same pointer is
 * returned each time. [main]                                                */
MARTLET_EXPORT const mt_plugin *martlet_plugin(uint32_t host_abi);

/* ---- The server ---------------------------------------------------------*/

enum { MT_LOG_DEBUG, MT_LOG_INFO, MT_LOG_NOTICE, MT_LOG_WARNING, MT_LOG_ERROR };

struct mt_host {
    mt_head         head;    /* the ABI version the server speaks            */
    const char     *server;  /* "martlet 1.0.3"                              */
    const mt_value *params;  /* yours, by position; change between callbacks */
    uint32_t        workers;
    int32_t         level;   /* lowest level that is logged now              */

    /* [any] The server adds time, plugin, worker and Call-ID.               */
    void (*log)(const mt_host *, int32_t level, mt_str text);

    /* [any] Says what is wrong and how to mend it; returns MT_ERROR, so that
     * "return host->fail(...)" reads well. While the file is being read the
     * server adds file, line and column, and underlines the culprit.        */
    mt_result (*fail)(const mt_host *, mt_str what, mt_str help);

    /* [any] Adds to a counter, or moves a gauge. Wait-free.                 */
    void (*count)(const mt_host *, uint32_t counter, int64_t by);

    /* [worker] Runs the hooks of an event of yours, then its event_route.   */
    mt_result (*emit)(mt_call *, uint32_t event, mt_msg *, const void *data);

    const char     *run_dir; /* the folder for sockets and fifos, no slash at
                              * its end                                      */

    /* [any] Does anybody listen to an event of yours? From "core.ready" on the
     * answer stays: what nobody hears need not be prepared.                  */
    bool (*heard)(const mt_host *, uint32_t event);
};

/* ---- "martlet.message" 1.0: read and edit a message ----------------------
 *
 * Edits show at once. New bytes go to the message's own arena, which is
 * recycled with it, so neither reading nor editing calls malloc. A slice is
 * valid until the callback returns, whatever is edited meanwhile.           */

enum { /* fields: text(), number(), set_text(), set_number(). A server that
        * does not know a field answers "absent".                            */
    MT_F_METHOD = 1, MT_F_URI, MT_F_REASON, MT_F_CALL_ID, MT_F_CSEQ_METHOD,
    MT_F_FROM_URI, MT_F_FROM_TAG, MT_F_TO_URI, MT_F_TO_TAG,
    MT_F_VIA_BRANCH,        /* of the top Via; setting it in a request gives  */
                            /* the Via that send() will put above it a branch */
    MT_F_NEXT_HOP, MT_F_PATH, MT_F_CONTENT_TYPE, MT_F_BODY, MT_F_BYTES,
    MT_F_RECEIVED_URI,      /* the Request-URI as it arrived; read only       */
    MT_F_REPLY_LINES,       /* whole header lines for local replies to this
                             * request; setting appends                      */
    MT_F_REPLY_BODY, MT_F_REPLY_TYPE, /* body and Content-Type for them       */
    MT_F_ERROR_REASON,      /* why the last routing function failed          */
    MT_F_VERSION,           /* "SIP/2.0" as it arrived; read only            */
    /* The registered contact that the Request-URI is, as lookup() found it.  */
    MT_F_RUID, MT_F_INSTANCE, MT_F_USER_AGENT,
    MT_F_STATUS = 1000, /* of a reply; absent in a request                   */
    MT_F_METHOD_ID, MT_F_CSEQ, MT_F_MAX_FORWARDS, MT_F_EXPIRES, MT_F_FLAGS,
    MT_F_OUT_SOCKET,        /* the socket to send from; MT_ABSENT: choose    */
    MT_F_SERIAL,            /* a number of this message, unique per worker   */
    MT_F_SCRIPT_FLAGS, MT_F_BRANCH_FLAGS,
    MT_F_ERROR,             /* the status for it, as 478; MT_ABSENT: none    */
    MT_F_OPTIONS,           /* MT_O_ bits                                    */
    MT_F_TARGETS,           /* how many there are; read only                 */
    MT_F_REG_ID, MT_F_Q,    /* of that contact; MT_ABSENT: none              */
    MT_F_CONNECTION,        /* the one it registered over                    */
    MT_F_EDITED,            /* 1: its bytes are not those that arrived, or
                             * were copied; read only                        */
    MT_F_PLACES             /* how many more names and addresses send_next()
                             * would try; read only                          */
};
enum { /* MT_F_OPTIONS */
    MT_O_FORCE_RPORT = 1 << 0, MT_O_FORWARD_NO_CONNECT = 1 << 1,
    MT_O_FORWARD_CLOSE = 1 << 2, MT_O_REPLY_NO_CONNECT = 1 << 3,
    MT_O_REPLY_CLOSE = 1 << 4, MT_O_RPORT_IN_VIA = 1 << 5 /* in our own Via   */,
    MT_O_FLOW = 1 << 6 /* the next hop is the end of a flow: a stream is used
                        * only along MT_F_CONNECTION, while that is open, and
                        * otherwise the request fails with 430. Setting the next
                        * hop takes it back                                  */,
    MT_O_UNBLOCKED = 1 << 7 /* also to places that net->block() is about      */
};
enum { /* MT_F_METHOD_ID; 0 is any other method                              */
    MT_INVITE = 1, MT_ACK, MT_BYE, MT_CANCEL, MT_OPTIONS, MT_REGISTER,
    MT_PRACK, MT_UPDATE, MT_SUBSCRIBE, MT_NOTIFY, MT_PUBLISH, MT_INFO,
    MT_REFER, MT_MESSAGE
};
#define MT_ABSENT INT64_MIN

typedef struct mt_header { /* one header field; zero it to start. Frozen.    */
    uint32_t name;         /* a token; see sip->token()                      */
    uint32_t place;        /* the server's                                   */
    mt_str   text;         /* the name as written                            */
    mt_str   body;         /* without the folding and the end of line        */
} mt_header;

enum { MT_FIRST, MT_LAST, MT_BEFORE, MT_AFTER };

typedef struct mt_flow { /* the five-tuple plus the connection. Frozen.      */
    uint32_t protocol;   /* MT_UDP ...                                       */
    uint32_t socket;     /* which listening socket                           */
    uint64_t connection; /* 0 for datagrams                                  */
    uint8_t  remote[16], local[16]; /* IPv6, or IPv4-mapped                  */
    uint16_t remote_port, local_port;
    uint32_t reserved;
} mt_flow;
enum { MT_UDP = 1, MT_TCP, MT_TLS, MT_WS, MT_WSS, MT_SCTP };

typedef struct mt_target { /* one destination of a request                   */
    uint32_t size;
    int32_t  q;            /* thousandths, or -1                             */
    mt_str   uri, next_hop, path, instance;
    uint32_t socket, reg_id;
    uint64_t flags;
    mt_str   ruid, user_agent; /* of the registered contact that it is          */
    uint64_t connection;       /* the one it registered over, or 0              */
} mt_target;

typedef struct mt_message_api {
    mt_head head;

    /* Reading. header() finds the next one after *at; name 0 is any name.    */
    mt_str  (*text)(const mt_msg *, uint32_t field);
    int64_t (*number)(const mt_msg *, uint32_t field);
    bool    (*header)(const mt_msg *, uint32_t name, mt_header *at);
    void    (*flow)(const mt_msg *, mt_flow *out); /* the way it came         */
    const mt_target *(*target)(const mt_msg *, uint32_t index); /* or NULL    */

    /* Editing. line is "Name: body"; at is for MT_BEFORE and MT_AFTER only.  */
    mt_result (*set_text)(mt_msg *, uint32_t field, mt_str);
    mt_result (*set_number)(mt_msg *, uint32_t field, int64_t);
    mt_result (*insert)(mt_msg *, uint32_t where, const mt_header *at, mt_str line);
    mt_result (*replace)(mt_msg *, const mt_header *at, mt_str body);
    mt_result (*remove)(mt_msg *, const mt_header *at);
    mt_result (*add_target)(mt_msg *, const mt_target *);
    void      (*clear_targets)(mt_msg *);

    /* Memory that goes with the message: as much as asked for, and one word
     * per plugin, zero at first.                                             */
    void     *(*alloc)(mt_msg *, size_t);
    uint64_t *(*slot)(mt_msg *, const mt_host *);

    /* Messages of your own. Each goes to release() once; none may be used by
     * two threads at a time. keep() makes this one outlast the callback,
     * copy() makes one to edit apart. write() returns the size it takes.     */
    mt_msg *(*keep)(mt_msg *);
    mt_msg *(*copy)(const mt_msg *);
    mt_msg *(*request)(const mt_host *, mt_str method, mt_str uri);
    mt_msg *(*reply)(const mt_msg *request, int32_t status, mt_str reason);
    void    (*release)(mt_msg *);
    size_t  (*write)(const mt_msg *, void *buffer, size_t room);
} mt_message_api;

/* ---- "martlet.sip" 1.0: grammar. [any] -----------------------------------
 *
 * Pure functions over slices: the answers point into the text given.         */

typedef struct mt_uri { /* Frozen. */
    mt_str   scheme, user, password, host, params, headers;
    uint32_t port;      /* 0 when not written                                */
    uint32_t reserved;
} mt_uri;

typedef struct mt_address { /* "Bob" <sip:bob@b.example>;tag=1. Frozen.      */
    mt_str whole, display, uri, params;
} mt_address;

typedef struct mt_sip_api {
    mt_head head;
    uint32_t (*token)(const char *name);            /* a header name's number;
                                                     * "v" is "Via". [main]   */
    bool (*uri)(mt_str text, mt_uri *out);
    bool (*address)(mt_str *list, mt_address *out); /* takes the first off    */
    bool (*param)(mt_str params, mt_str name, mt_str *value);
    bool (*same)(mt_str uri, mt_str other);         /* as RFC 3261 compares   */
} mt_sip_api;

/* ---- "martlet.script" 1.0: expressions, routes, waiting ------------------*/

typedef struct mt_expr  mt_expr;
typedef struct mt_regex mt_regex;

typedef struct mt_script_api {
    mt_head head;

    /* What is compiled stays as long as the process: each source once. NULL: fail() has been told why.   */
    const mt_expr *(*compile)(const mt_host *, mt_str source);        /* [any] */
    mt_result (*read)(mt_call *, mt_msg *, const mt_expr *, mt_value *out);
    mt_result (*write)(mt_call *, mt_msg *, const mt_expr *, const mt_value *);
    bool      (*match)(const mt_regex *, mt_str);                     /* [any] */

    /* Named blocks. where is the MT_IN_ bit of their kind; 0 means no such.
     * [main], and [any] from "core.ready" on.                                */
    uint32_t  (*route)(const mt_host *, uint32_t where, mt_str name);
    /* Runs a block on msg. Its value, or MT_SUSPEND when something in it waits:
     * then() is called once it has ended, with its value in call->result.    */
    mt_result (*run)(mt_call *, mt_msg *, uint32_t route, mt_fn then, void *user);
    mt_str    (*route_name)(uint32_t route);

    /* Waiting. A function that cannot answer yet calls suspend() and returns
     * MT_SUSPEND; the worker goes on to other messages. resume() may then be
     * called once, from any thread: the server returns to the same worker,
     * calls then() with the same msg and args, and goes on with its result
     * (with resume()'s own if then is NULL). When the timeout comes first,
     * then() sees MT_TIMEOUT and a late resume() gets MT_GONE.               */
    uint64_t  (*suspend)(mt_call *, uint32_t timeout_ms, mt_fn then, void *user);
    mt_result (*resume)(uint64_t ticket, mt_result result);           /* [any] */

    /* The message flag, 0 to 31, that scripts call so: a number in digits, or a
     * name; one that is not declared gets a number that nobody uses. -1: it can
     * be neither, or all are taken. [main], in init.                          */
    int32_t   (*flag)(const mt_host *, mt_str name);
} mt_script_api;

/* ---- "martlet.loop" 1.0: time and workers. [any] --------------------------
 *
 * Timers and tickets are numbers that are never used twice: a stale one is
 * answered with MT_GONE and can do no harm.                                 */

#define MT_ANY_WORKER UINT32_MAX

typedef struct mt_loop_api {
    mt_head head;
    uint64_t (*ticks)(void);                          /* monotonic, ns       */
    int64_t  (*clock)(void);                          /* Unix time, ms       */
    uint64_t (*after)(const mt_host *, uint32_t worker, uint32_t ms,
                      mt_fn, void *user);             /* once                */
    uint64_t (*every)(const mt_host *, uint32_t worker, uint32_t ms,
                      mt_fn, void *user);             /* again and again     */
    mt_result (*cancel)(uint64_t timer);
    mt_result (*post)(const mt_host *, uint32_t worker, mt_fn, void *user);
    /* Runs work on a helper thread, where it may block, then done on worker. */
    mt_result (*offload)(const mt_host *, uint32_t worker,
                         mt_fn work, mt_fn done, void *user);
    /* Runs each() on every worker, one after the other, then done() on the
     * thread that commands run on: how a command gathers what is per worker. */
    mt_result (*visit)(const mt_host *, mt_fn each, mt_fn done, void *user);
    /* The worker that the messages with this Call-ID run on.                 */
    uint32_t  (*worker)(mt_str call_id);
    /* For how many ms what this worker reads has waited in its sockets, or they
     * have been more than half full; 0: it keeps up. [worker]                */
    uint32_t  (*behind)(void);
} mt_loop_api;

/* ---- "martlet.net" 1.0: sending ------------------------------------------*/

typedef struct mt_stage mt_stage; /* the server's: one filter of one connection */

typedef struct mt_net_api {
    mt_head head;
    uint32_t (*sockets)(void);
    mt_str   (*socket)(uint32_t socket);              /* "udp:192.0.2.1:5060" */
    mt_str   (*socket_name)(uint32_t socket);         /* of its listen line   */
    mt_str   (*advertised)(uint32_t socket);          /* "host[:port]" for Via */
    uint32_t (*find_socket)(mt_str text);             /* by either text; or
                                                       * UINT32_MAX           */
    bool     (*mine)(const mt_uri *);                 /* does it name us?     */

    /* Sends msg as it now stands. flow NULL: where the message says, that is
     * MT_F_NEXT_HOP, else MT_F_URI, for a request; the top Via for a reply. The
     * server adds or removes its own Via, and looks up DNS without blocking.
     * sent, if any, is called once with the outcome; data: const mt_flow *.  */
    mt_result (*send)(mt_call *, mt_msg *, const mt_flow *, mt_fn sent, void *user);
    mt_result (*send_bytes)(mt_str bytes, const mt_flow *);            /* [any] */
    mt_result (*close)(const mt_flow *);                               /* [any] */

    /* For a plugin that offers "filter.NAME", see there; on the worker that owns
     * the connection, from open() to close(). arrived(): what came out of the
     * stream, in pieces of any size. wire(): what has to go into it. ended(): it
     * is over; what wire() was given still leaves, then the connection closes, and
     * why is logged unless it is absent. MT_GONE: it is over already.         */
    mt_result (*arrived)(mt_stage *, mt_str plain);
    mt_result (*wire)(mt_stage *, mt_str bytes);
    mt_result (*ended)(mt_stage *, mt_str why);

    /* A name may lead to several places, and a message that was sent to one of
     * them, and its copies, know the others when use_dns_failover is on. Sends
     * it, as it now stands, to the next one: for a 503, a time-out, a failed
     * connection. MT_NO: there is none, and sent is not called; otherwise as
     * send(), and sent may be told MT_NO when names had to be looked up first.
     * Whoever starts a transaction sets MT_F_VIA_BRANCH before.              */
    mt_result (*send_next)(mt_call *, mt_msg *, mt_fn sent, void *user);

    /* The connection is not closed for being idle in the next so many seconds; 0:
     * it is as others are. [any]                                             */
    mt_result (*hold)(const mt_flow *, uint32_t seconds);

    /* More for filters. ready(): the handshake is done: what waited is sent, and
     * the next filter opened; only then is the connection open to everybody else.
     * message(): what came out is one whole SIP message, or a keep-alive, wherever
     * Content-Length says that it ends; instead of arrived(). read(): bytes as a
     * message that came along this connection and goes to nobody, so that a script
     * can look at a handshake; its first line may be one of HTTP. It goes to
     * release(). NULL: it cannot be read. flow(): the connection's.           */
    mt_result (*ready)(mt_stage *);
    mt_result (*message)(mt_stage *, mt_str whole);
    mt_msg   *(*read)(mt_stage *, mt_str bytes);
    const mt_flow *(*flow)(const mt_stage *);

    /* Nothing is sent to the far end of the flow for so many seconds; -1: as
     * long as dst_blocklist_expire says. why is MT_BLOCK_, for the masks of
     * dst_blocklist_udp_imask and its like. MT_NO: use_dst_blocklist is off,
     * or such a failure does not count. [any]                                 */
    mt_result (*block)(const mt_flow *, int32_t seconds, uint32_t why);

    /* From here on a tcp or tls connection is a ws or wss one: answer is sent as it
     * is, "filter.ws" opened above what is there, and what comes behind the message
     * that is being worked on goes to it. Others are told that the old connection
     * closed and the new one, of the same number, opened. In the filter's open()
     * peer_name is absent and outgoing false. MT_NO: it is no such connection, or
     * has a filter.ws; MT_GONE: it has ended, or is another worker's. [worker] */
    mt_result (*upgrade)(const mt_flow *, mt_str answer);
} mt_net_api;
enum { MT_BLOCK_SILENT = 16, MT_BLOCK_503 = 32 };

/* ---- "martlet.attribute" 1.0: $avp, $xavp, $xavu, $xavi -------------------
 *
 * They belong to the request and are there again in its replies, failure and
 * branch routes: share() lets another message use those of this one.
 * root is a name or "name[index]"; member is absent for the root's own value.  */

enum { MT_A_AVP = 1, MT_A_XAVP, MT_A_XAVU, MT_A_XAVI };

typedef struct mt_attribute_api {
    mt_head head;
    mt_result (*get)(const mt_msg *, uint32_t kind, mt_str root, mt_str member,
                     uint32_t index, mt_value *out);   /* MT_NO: no such      */
    mt_result (*add)(mt_msg *, uint32_t kind, mt_str root, mt_str member,
                     const mt_value *);                /* in front            */
    mt_result (*set)(mt_msg *, uint32_t kind, mt_str root, mt_str member,
                     uint32_t index, const mt_value *);
    mt_result (*remove)(mt_msg *, uint32_t kind, mt_str root, mt_str member,
                        uint32_t index);               /* UINT32_MAX: all     */
    uint32_t  (*count)(const mt_msg *, uint32_t kind, mt_str root, mt_str member);
    /* The name of the index-th root, or member of root, or absent.          */
    mt_str    (*name)(const mt_msg *, uint32_t kind, mt_str root, uint32_t index);
    mt_result (*share)(mt_msg *with, mt_msg *from);
    /* Holds a message's attributes longer than the message: NULL when it has
     * none. lend() shares them with another message; drop() lets go of them.
     * [worker of the message]                                                */
    void     *(*keep)(mt_msg *);
    void      (*lend)(mt_msg *with, void *kept);
    void      (*drop)(void *kept);
} mt_attribute_api;

/* ---- "martlet.statistic" 1.0: counters by name. [any] ----------------------*/

typedef struct mt_statistic_api {
    mt_head head;
    uint32_t  (*find)(mt_str name);       /* "name" or "group:name"; 0 is none */
    uint32_t  (*define)(const mt_host *, mt_str group, mt_str name); /* [main] */
    int64_t   (*read)(uint32_t statistic);
    mt_result (*add)(uint32_t statistic, int64_t by);
    mt_result (*reset)(uint32_t statistic);
} mt_statistic_api;

/* ---- "martlet.rpc" 1.0 ----------------------------------------------------
 *
 * For a command: put() adds to its answer; keys are ignored in lists.
 * For a plugin that carries commands (ctl, jsonrpcs): run() calls one and
 * hands the answer on piece by piece, on the commands' thread, done() last.   */

typedef struct mt_rpc_sink {
    void (*put)(void *user, mt_str key, const mt_value *);
    void (*open)(void *user, mt_str key, bool list);
    void (*close)(void *user);
    void (*done)(void *user, int32_t fault, mt_str text); /* 0: no fault       */
} mt_rpc_sink;

typedef struct mt_rpc_api {
    mt_head head;
    mt_result (*put)(mt_call *, const char *key, const mt_value *);
    mt_result (*open)(mt_call *, const char *key, bool list);
    mt_result (*close)(mt_call *);
    mt_result (*fault)(mt_call *, int32_t code, mt_str text); /* MT_ERROR     */
    mt_result (*run)(const mt_host *, mt_str name, const mt_value *args,
                     uint32_t argc, const mt_rpc_sink *, void *user); /* [any] */
} mt_rpc_api;

/* ---- "martlet.setting" 1.0: what may change while the server runs ----------
 *
 * Settings come in groups: "core", "tcp", those of the file ("group.name = 1"),
 * and for each plugin its MT_RELOADABLE parameters. Their indexes stay as long
 * as the process. For commands: on the thread that they run on.              */

enum { /* mt_setting.flags besides MT_SECRET */
    MT_FIXED = 1 << 8    /* it can be read, and is set by the file alone       */
};
typedef struct mt_setting {
    uint32_t size;       /* set by whoever has it filled in                   */
    uint32_t type;       /* MT_INT, MT_BOOL, MT_MS or MT_STR                  */
    uint32_t flags, reserved;
    mt_str   group, name, help;
    int64_t  min, max;   /* of a number; both 0 for no limit                  */
    mt_value value;      /* what it is now; of MT_SECRET, nothing             */
    mt_value start;      /* what the file made it                             */
} mt_setting;

typedef struct mt_change {
    uint32_t index, reserved;
    mt_value value;      /* MT_INT, MT_STR; MT_NULL: what the file made it    */
} mt_change;

typedef struct mt_setting_api {
    mt_head head;
    uint32_t  (*count)(void);
    mt_result (*get)(uint32_t index, mt_setting *out);
    /* All of them or, when one cannot be, none; then *why says why. Workers see
     * the new values at once, and plugins hear "core.reloaded".              */
    mt_result (*set)(const mt_change *, uint32_t count, mt_str *why);
} mt_setting_api;

/* ---- Contracts between plugins -------------------------------------------
 *
 * Written down here so that whoever offers one and whoever needs one agree.
 *
 * "store.SCHEME" 1.0, offered by a database plugin. A parameter of type MT_URL
 * makes its plugin need the scheme in its value, and brings the table along.  */

enum { /* mt_column.type besides MT_INT and MT_STR; the value is an MT_INT     */
    MT_TIME = 64,   /* Unix time in seconds, kept as local date and time      */
    MT_DECIMAL      /* thousandths, kept as a decimal fraction                */
};
enum { /* mt_column.key                                                      */
    MT_KEY    = 1 << 0, /* put() finds the row to replace by these together   */
    MT_SERIAL = 1 << 1, /* a number that the store gives a new row: put NULL  */
    MT_BINARY = 1 << 2  /* text that is bytes, not characters                 */
};
typedef struct mt_column {
    const char *name;
    uint32_t    type;
    uint32_t    key;      /* MT_KEY ...                                       */
    uint32_t    length;   /* of text, for those who make the table; 0: any    */
    uint32_t    reserved;
    const char *fallback; /* what it is when nothing was put; NULL: it may be
                           * absent                                           */
} mt_column;

typedef struct mt_index { /* what find() and erase() will ask for             */
    const char *columns;  /* "username,domain"                                */
    uint32_t    unique, reserved;
} mt_index;

enum { MT_UNVERSIONED = 1 << 0 }; /* mt_table.flags: do not ask "version"     */
typedef struct mt_table {
    const char *name;
    uint32_t    revision; /* as the table "version" has it                    */
    uint32_t    flags;
    mt_list     columns; /* of mt_column                                     */
    mt_list     indexes; /* of mt_index                                      */
} mt_table;

enum { MT_EQ, MT_NE, MT_LT, MT_LE, MT_GT, MT_GE };
typedef struct mt_match { /* MT_EQ to a MT_NULL: is absent. Frozen.           */
    uint32_t column, op;
    mt_value value;
} mt_match;

#define MT_ROWS UINT32_MAX

typedef struct mt_store mt_store; /* one open table                          */

typedef struct mt_store_api {
    mt_head head;
    /* [main] Up to "core.ready", in which the database is opened and the table
     * made, or checked and brought up to date. A database that is not there
     * is tried again and again; until then all that is asked is MT_ERROR.    */
    mt_result (*open)(const mt_host *, mt_str url, const mt_table *,
                      mt_store **out);
    /* Never block. row is called once per row, args being its columns; then
     * done, once, with the outcome in call->result. Both on the worker of the
     * call, without a message. What is asked for in one order is done in that
     * order; what is done has reached the disk. done may be NULL.
     * MT_ERROR: not now. MT_NO, of put() and claim(): never, the table has no
     * place for that row (a text is too long, a constraint), so do not ask for
     * it again; the store has told of it.                                    */
    mt_result (*find)(mt_call *, mt_store *, const mt_match *, uint32_t matches,
                      mt_fn row, mt_fn done, void *user);
    mt_result (*put)(mt_call *, mt_store *, const mt_value *row,
                     mt_fn done, void *user); /* no key columns: a new row    */
    mt_result (*erase)(mt_call *, mt_store *, const mt_match *, uint32_t matches,
                       mt_fn done, void *user);
    /* How many rows there are, or how many different values of a column: done
     * gets the number in args[0].                                            */
    mt_result (*count)(mt_call *, mt_store *, uint32_t column /* or MT_ROWS */,
                       const mt_match *, uint32_t matches, mt_fn done, void *user);
    /* [main] In or after "core.ready". Waits, and calls row for each row.    */
    mt_result (*load)(const mt_host *, mt_store *, const mt_match *,
                      uint32_t matches, mt_fn row, void *user);
    /* What follows a store may not have: ask head.size, and NULL is none.    */
    /* put(), unless there is a row of that key which does not match; whoever
     * asks for the same at that moment, in whichever process, only one has it.
     * done gets 1 in args[0] when the row was put, and 0 when it was not.    */
    mt_result (*claim)(mt_call *, mt_store *, const mt_value *row,
                       const mt_match *, uint32_t matches, mt_fn done, void *user);
    /* [worker] changed is called, on the worker of the call and without a message,
     * when other servers have written to the table: once for all they did since
     * it was called last, with MT_OK in call->result. MT_OK comes as well when the
     * database begins to tell; MT_ERROR when it cannot for a while: until the next
     * MT_OK only looking helps. What is written to the table here is told to
     * others from now on. MT_NO: it will never call changed.
     * Look now and then all the same: of what others than servers of this kind
     * write nobody tells.                                                     */
    mt_result (*watch)(mt_call *, mt_store *, mt_fn changed, void *user);
} mt_store_api;

/* "filter.NAME" 1.0, offered by a plugin: bytes into bytes, on a connection whose
 * socket is the server's. A transport is a chain of filters on TCP: tls is
 * "filter.tls", ws is "filter.ws", wss is "filter.ws" on "filter.tls".
 *
 * All calls for one connection come on the worker that owns it, with a call that
 * has that worker and nothing else. A filter answers with arrived(), wire(),
 * ready() and ended() of martlet.net, inside these functions or later, from a
 * timer of that worker; none of them blocks or calls the same filter back, but
 * for send(), which may come inside of arrived(). Bytes are lent until a function
 * returns, either way. The stage is valid until close() returns.
 *
 * The server keeps the limits: how many connections, how long a handshake may
 * take, how much may wait for a slow reader, idle time. What is sent before
 * ready() waits in the server, which never opens a ws or wss connection.    */
typedef struct mt_filter mt_filter; /* the plugin's state of one connection  */

typedef struct mt_filter_api {
    mt_head head;
    /* [main] For each socket, "tls:192.0.2.1:5061", of a start or a check, after
     * every init(): are the settings fit for it? If not, fail() says why.    */
    mt_result  (*listen)(const mt_host *, mt_str address, uint32_t socket);
    /* The connection is there, and the filter below it ready. peer_name is the
     * domain that an outgoing connection is to reach, as in the URI; absent for
     * an address. NULL: it cannot be; the connection closes.                 */
    mt_filter *(*open)(mt_call *, mt_stage *, bool outgoing, mt_str peer_name);
    /* From the wire. A negative answer closes the connection, as ended() does. */
    mt_result  (*received)(mt_call *, mt_filter *, mt_str bytes);
    /* Toward the wire: one whole message at a time, after ready().           */
    mt_result  (*send)(mt_call *, mt_filter *, mt_str plain);
    /* The last call. orderly: wire() may still say goodbye.                  */
    void       (*close)(mt_call *, mt_filter *, bool orderly);
} mt_filter_api;

/* ---- Small helpers -------------------------------------------------------*/

static inline mt_str mt_s(const char *text) {
    mt_str s = { text, 0 };
    while (text && text[s.len]) s.len++;
    return s;
}

static inline int64_t mt_number(mt_str s) { /* its leading digits, or MT_ABSENT  */
    int64_t n = MT_ABSENT;
    for (size_t i = 0; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9' && i < 18; i++)
        n = (n == MT_ABSENT ? 0 : n * 10) + (s.ptr[i] - '0');
    return n;
}

/* Is the function in a table at least that new? Only for MT_OPTIONAL needs:
 * a required minor has been checked at load.                                */
#define MT_HAS(table, function)                                               \
    ((table) && (table)->head.size >= offsetof(__typeof__(*(table)), function) \
                                      + sizeof (table)->function)

#ifdef __cplusplus
}
#endif
#endif /* MARTLET_H */
