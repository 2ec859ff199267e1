/* SPDX-License-Identifier: Apache-2.0 */
/* everything.c: uses every type, number and function of ABI 1.0, in words that are C11 and C++17 alike.
 *
 * Each of its script functions walks through one interface, on a request that it makes itself, and returns
 * MT_OK, or MT_ERROR with a fail() that names the first line that disagreed. It is compiled against each
 * frozen header, and run in today's server. */
#include <martlet.h>
#include <stdio.h>
#include <string.h>

static const mt_message_api   *message;
static const mt_sip_api       *sip;
static const mt_script_api    *script;
static const mt_loop_api      *loop;
static const mt_net_api       *net;
static const mt_attribute_api *attribute;
static const mt_statistic_api *statistic;
static const mt_setting_api   *setting;
static const mt_rpc_api       *rpc;
static const mt_store_api     *store;    /* optional */
static const mt_filter_api    *filter;   /* optional, late */
static const mt_host          *host;
static const mt_expr          *method_expr, *var_expr;
static uint32_t                subject, here;

enum { LIMIT, NAME, PAUSE, SWITCH, LINES };            /* params   */
enum { CALLS, INSIDE };                                /* counters */
enum { HAPPENED };                                     /* events   */

static mt_result wrong(int line) {
    char text[40];
    int  length = snprintf(text, sizeof text, "everything.c:%d disagrees", line);
    mt_str what = { text, (size_t)length };
    return host->fail(host, what, mt_s("see that line"));
}
#define CHECK(condition) do { if (!(condition)) return wrong(__LINE__); } while (0)

static bool same(mt_str a, const char *b) {
    return a.len == strlen(b) && (a.len == 0 || memcmp(a.ptr, b, a.len) == 0);
}
static mt_value text_value(const char *text) {
    mt_value value = { MT_STR, 0, 0, mt_s(text), NULL };
    return value;
}
static mt_value number_value(int64_t number) {
    mt_value value = { MT_INT, 0, number, { NULL, 0 }, NULL };
    return value;
}

/* ---- martlet.message -----------------------------------------------------*/

static mt_result walk_message(mt_call *call) {
    mt_msg *request = message->request(host, mt_s("OPTIONS"), mt_s("sip:bob@192.0.2.1"));
    CHECK(request);
    CHECK(same(message->text(request, MT_F_METHOD), "OPTIONS"));
    CHECK(message->number(request, MT_F_METHOD_ID) == MT_OPTIONS);
    CHECK(message->number(request, MT_F_STATUS) == MT_ABSENT);
    CHECK(message->set_text(request, MT_F_URI, mt_s("sip:carol@192.0.2.2")) == MT_OK);
    CHECK(same(message->text(request, MT_F_URI), "sip:carol@192.0.2.2"));
    CHECK(message->set_text(request, MT_F_NEXT_HOP, mt_s("sip:192.0.2.3")) == MT_OK);
    CHECK(same(message->text(request, MT_F_NEXT_HOP), "sip:192.0.2.3"));
    CHECK(message->set_number(request, MT_F_FLAGS, 5) == MT_OK);
    CHECK(message->number(request, MT_F_FLAGS) == 5);
    CHECK(message->number(request, MT_F_OUT_SOCKET) == MT_ABSENT);

    CHECK(message->insert(request, MT_LAST, NULL, mt_s("Subject: first")) == MT_OK);
    mt_header at = { 0, 0, { NULL, 0 }, { NULL, 0 } };
    CHECK(message->header(request, subject, &at));
    CHECK(at.name == subject && same(at.text, "Subject") && same(at.body, "first"));
    CHECK(message->insert(request, MT_AFTER, &at, mt_s("Subject: third")) == MT_OK);
    CHECK(message->insert(request, MT_BEFORE, &at, mt_s("Subject: zeroth")) == MT_OK);
    CHECK(message->insert(request, MT_FIRST, NULL, mt_s("X-Top: 1")) == MT_OK);
    CHECK(message->replace(request, &at, mt_s("second")) == MT_OK);
    mt_header next = { 0, 0, { NULL, 0 }, { NULL, 0 } };
    CHECK(message->header(request, subject, &next) && same(next.body, "zeroth"));
    CHECK(message->header(request, subject, &next) && same(next.body, "second"));
    CHECK(message->remove(request, &next) == MT_OK);
    mt_header all = { 0, 0, { NULL, 0 }, { NULL, 0 } };
    int       count = 0;
    while (message->header(request, 0, &all)) count++;
    CHECK(count >= 3);

    mt_target target;
    memset(&target, 0, sizeof target);
    target.size = sizeof target;
    target.q    = 500;
    target.uri  = mt_s("sip:dave@192.0.2.4");
    target.socket = UINT32_MAX;
    CHECK(message->add_target(request, &target) == MT_OK);
    CHECK(message->number(request, MT_F_TARGETS) == 1);
    CHECK(message->target(request, 0) && same(message->target(request, 0)->uri, "sip:dave@192.0.2.4"));
    CHECK(message->target(request, 0)->q == 500 && !message->target(request, 1));
    message->clear_targets(request);
    CHECK(!message->target(request, 0));

    char *memory = (char *)message->alloc(request, 10000);
    CHECK(memory);
    memset(memory, 'x', 10000);
    CHECK(*message->slot(request, host) == 0);
    *message->slot(request, host) = 42;
    CHECK(*message->slot(request, host) == 42);

    mt_flow flow;
    memset(&flow, 0, sizeof flow);
    message->flow(call->msg, &flow);
    CHECK(flow.protocol >= MT_UDP && flow.protocol <= MT_SCTP && flow.remote_port != 0);
    CHECK(flow.connection == 0 || flow.protocol != MT_UDP);

    mt_msg *edited = message->copy(request);
    CHECK(edited && message->set_text(edited, MT_F_URI, mt_s("sip:erin@192.0.2.5")) == MT_OK);
    CHECK(same(message->text(request, MT_F_URI), "sip:carol@192.0.2.2"));
    size_t size = message->write(edited, NULL, 0);
    char   buffer[4096];
    CHECK(size > 20 && size <= sizeof buffer && message->write(edited, buffer, sizeof buffer) == size);
    CHECK(memcmp(buffer, "OPTIONS sip:erin@192.0.2.5 SIP/2.0\r\n", 36) == 0);
    message->release(edited);

    mt_msg *reply = message->reply(call->msg, 486, mt_s("Busy Here"));
    CHECK(reply && message->number(reply, MT_F_STATUS) == 486);
    CHECK(same(message->text(reply, MT_F_REASON), "Busy Here"));
    message->release(reply);

    mt_msg *kept = message->keep(call->msg);
    CHECK(kept);
    message->release(kept);
    message->release(request);

    /* Every field answers something or is absent, and never crashes. */
    static const uint32_t texts[] = {
        MT_F_METHOD, MT_F_URI, MT_F_REASON, MT_F_CALL_ID, MT_F_CSEQ_METHOD, MT_F_FROM_URI, MT_F_FROM_TAG,
        MT_F_TO_URI,
        MT_F_TO_TAG, MT_F_VIA_BRANCH, MT_F_NEXT_HOP, MT_F_PATH, MT_F_CONTENT_TYPE, MT_F_BODY, MT_F_BYTES,
        MT_F_RECEIVED_URI, MT_F_REPLY_LINES, MT_F_REPLY_BODY, MT_F_REPLY_TYPE, MT_F_ERROR_REASON,
        MT_F_VERSION, MT_F_RUID, MT_F_INSTANCE, MT_F_USER_AGENT,
    };
    static const uint32_t numbers[] = {
        MT_F_STATUS, MT_F_METHOD_ID, MT_F_CSEQ, MT_F_MAX_FORWARDS, MT_F_EXPIRES, MT_F_FLAGS, MT_F_OUT_SOCKET,
        MT_F_SERIAL,
        MT_F_SCRIPT_FLAGS, MT_F_BRANCH_FLAGS, MT_F_ERROR, MT_F_OPTIONS, MT_F_TARGETS, MT_F_REG_ID, MT_F_Q,
        MT_F_CONNECTION,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) message->text(call->msg, texts[i]);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) message->number(call->msg, numbers[i]);
    CHECK(message->text(call->msg, MT_F_CALL_ID).len > 0 && message->number(call->msg, MT_F_CSEQ) > 0);
    CHECK(same(message->text(call->msg, MT_F_VERSION), "SIP/2.0"));
    CHECK(!message->text(call->msg, 999).ptr && message->number(call->msg, 99999) == MT_ABSENT);
    static const uint32_t methods[] = {
        MT_INVITE, MT_ACK, MT_BYE, MT_CANCEL, MT_OPTIONS, MT_REGISTER, MT_PRACK, MT_UPDATE, MT_SUBSCRIBE,
        MT_NOTIFY,
        MT_PUBLISH, MT_INFO, MT_REFER, MT_MESSAGE,
    };
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) CHECK(methods[i] == i + 1);
    static const int options = MT_O_FORCE_RPORT | MT_O_FORWARD_NO_CONNECT | MT_O_FORWARD_CLOSE
        | MT_O_REPLY_NO_CONNECT | MT_O_REPLY_CLOSE | MT_O_RPORT_IN_VIA;
    CHECK(options == 63);
    host->count(host, CALLS, 1);
    return MT_OK;
}

/* ---- martlet.sip ---------------------------------------------------------*/

static mt_result walk_sip(mt_call *call) {
    (void)call;
    CHECK(subject);
    mt_uri uri;
    memset(&uri, 0, sizeof uri);
    CHECK(sip->uri(mt_s("sips:bob:secret@[2001:db8::1]:5061;transport=tcp;lr?Subject=x"), &uri));
    CHECK(same(uri.scheme, "sips") && same(uri.user, "bob") && same(uri.password, "secret"));
    CHECK(same(uri.host, "[2001:db8::1]") && uri.port == 5061 && same(uri.headers, "Subject=x"));
    mt_str value = { NULL, 0 };
    CHECK(sip->param(uri.params, mt_s("transport"), &value) && same(value, "tcp"));
    CHECK(sip->param(uri.params, mt_s("lr"), &value) && value.len == 0);
    CHECK(!sip->param(uri.params, mt_s("maddr"), &value));
    CHECK(!sip->uri(mt_s("not a uri"), &uri));

    mt_str     list = mt_s("\"Bob, Jr.\" <sip:bob@b.example>;tag=1, <sip:carol@c.example>");
    mt_address first, second;
    CHECK(sip->address(&list, &first) && same(first.uri, "sip:bob@b.example"));
    CHECK(first.whole.len > 0 && first.display.len > 0);
    CHECK(sip->param(first.params, mt_s("tag"), &value) && same(value, "1"));
    CHECK(sip->address(&list, &second) && same(second.uri, "sip:carol@c.example"));
    CHECK(!sip->address(&list, &second));
    CHECK(sip->same(mt_s("sip:bob@EXAMPLE.com"), mt_s("SIP:bob@example.com")));
    CHECK(!sip->same(mt_s("sip:bob@example.com"), mt_s("sip:BOB@example.com")));
    CHECK(mt_number(mt_s("90;refresher=uac")) == 90 && mt_number(mt_s("x")) == MT_ABSENT);
    return MT_OK;
}

/* ---- martlet.script ------------------------------------------------------*/

static mt_result after_block(mt_call *call) { return call->result; }

static mt_result walk_script(mt_call *call) {
    mt_value value;
    CHECK(method_expr && script->read(call, call->msg, method_expr, &value) == MT_OK);
    CHECK(value.type == MT_STR && value.str.len > 0);
    mt_value five = number_value(5);
    CHECK(var_expr && script->write(call, call->msg, var_expr, &five) == MT_OK);
    CHECK(script->read(call, call->msg, var_expr, &value) == MT_OK && value.type == MT_INT && value.num == 5);
    CHECK(call->args[0].type == MT_REGEX && script->match((const mt_regex *)call->args[0].ptr, mt_s("aab")));
    CHECK(!script->match((const mt_regex *)call->args[0].ptr, mt_s("abc")));
    CHECK(call->args[1].type == MT_ROUTE);
    CHECK(same(script->route_name((uint32_t)call->args[1].num), "EVERYTHING"));
    return script->run(call, call->msg, (uint32_t)call->args[1].num, after_block, NULL);
}

static mt_result awake(mt_call *call) { return call->result == MT_TIMEOUT ? MT_OK : MT_NO; }
static mt_result walk_waiting(mt_call *call) {
    CHECK(script->resume(UINT64_MAX, MT_OK) == MT_GONE);
    uint64_t ticket = script->suspend(call, (uint32_t)call->args[0].num, awake, NULL);
    CHECK(ticket);
    return MT_SUSPEND;
}

/* ---- martlet.loop --------------------------------------------------------*/

static mt_result tick(mt_call *call) {
    host->count(host, INSIDE, 1);
    return call->user == (void *)&here ? MT_OK : MT_NO;
}
static mt_result walk_loop(mt_call *call) {
    CHECK(loop->ticks() > 0 && loop->clock() > 1700000000000);
    CHECK(loop->after(host, call->worker, 1, tick, &here));
    uint64_t timer = loop->every(host, MT_ANY_WORKER, 3600000, tick, &here);
    CHECK(timer && loop->cancel(timer) == MT_OK && loop->cancel(timer) == MT_GONE);
    CHECK(loop->post(host, call->worker, tick, &here) == MT_OK);
    CHECK(loop->offload(host, call->worker, tick, tick, &here) == MT_OK);
    CHECK(loop->visit(host, tick, tick, &here) == MT_OK);
    return MT_OK;
}

/* ---- martlet.net ---------------------------------------------------------*/

static mt_result sent(mt_call *call) {
    const mt_flow *flow = (const mt_flow *)call->data;
    return flow || call->result < 0 ? MT_OK : MT_NO;
}
static mt_result walk_net(mt_call *call) {
    CHECK(net->sockets() > 0 && net->socket(0).len > 0);
    net->socket_name(0);
    net->advertised(0);
    CHECK(net->find_socket(net->socket(0)) == 0 && net->find_socket(mt_s("udp:203.0.113.9:1")) == UINT32_MAX);
    mt_uri uri;
    CHECK(sip->uri(mt_s("sip:nobody@203.0.113.9"), &uri) && !net->mine(&uri));
    mt_flow flow;
    message->flow(call->msg, &flow);
    CHECK(net->send_bytes(mt_s("\r\n\r\n"), &flow) == MT_OK);
    mt_msg *reply = message->reply(call->msg, 100, mt_s("Trying"));
    CHECK(reply);
    mt_result result = net->send(call, reply, &flow, sent, NULL);
    message->release(reply);
    CHECK(result == MT_OK);
    CHECK(net->send_next(call, call->msg, sent, NULL) == MT_NO);
    if (flow.connection == UINT64_MAX) { /* never: these are for filters, and for who ends a connection */
        net->close(&flow);
        net->upgrade(&flow, mt_s(""));
        mt_stage *stage = NULL;
        net->arrived(stage, mt_s(""));
        net->message(stage, mt_s(""));
        net->wire(stage, mt_s(""));
        net->ready(stage);
        net->ended(stage, mt_s(""));
        message->release(net->read(stage, mt_s("")));
        net->flow(stage);
    }
    return MT_OK;
}

/* ---- martlet.attribute, martlet.statistic --------------------------------*/

static mt_result walk_attribute(mt_call *call) {
    mt_str   none = { NULL, 0 };
    mt_value one = number_value(1), two = text_value("two"), out;
    CHECK(attribute->add(call->msg, MT_A_AVP, mt_s("everything"), none, &one) == MT_OK);
    CHECK(attribute->add(call->msg, MT_A_AVP, mt_s("everything"), none, &two) == MT_OK);
    CHECK(attribute->count(call->msg, MT_A_AVP, mt_s("everything"), none) == 2);
    CHECK(attribute->get(call->msg, MT_A_AVP, mt_s("everything"), none, 0, &out) == MT_OK);
    CHECK(same(out.str, "two"));
    CHECK(attribute->set(call->msg, MT_A_AVP, mt_s("everything"), none, 1, &two) == MT_OK);
    CHECK(attribute->remove(call->msg, MT_A_AVP, mt_s("everything"), none, UINT32_MAX) == MT_OK);
    CHECK(attribute->get(call->msg, MT_A_AVP, mt_s("everything"), none, 0, &out) == MT_NO);
    static const uint32_t kinds[] = { MT_A_XAVP, MT_A_XAVU, MT_A_XAVI };
    for (size_t i = 0; i < 3; i++) {
        CHECK(attribute->set(call->msg, kinds[i], mt_s("root"), mt_s("member"), 0, &one) == MT_OK);
        CHECK(attribute->get(call->msg, kinds[i], mt_s("root"), mt_s("member"), 0, &out) == MT_OK);
        CHECK(out.num == 1);
        CHECK(attribute->name(call->msg, kinds[i], none, 0).len > 0);
    }
    mt_msg *other = message->request(host, mt_s("INFO"), mt_s("sip:bob@192.0.2.1"));
    CHECK(other && attribute->share(other, call->msg) == MT_OK);
    CHECK(attribute->get(other, MT_A_XAVP, mt_s("root"), mt_s("member"), 0, &out) == MT_OK);
    message->release(other);
    return MT_OK;
}

static uint32_t ours;
static mt_result walk_statistic(mt_call *call) {
    (void)call;
    CHECK(ours && statistic->find(mt_s("everything:ours")) == ours && !statistic->find(mt_s("never:heard")));
    CHECK(statistic->reset(ours) == MT_OK && statistic->add(ours, 3) == MT_OK && statistic->read(ours) == 3);
    return MT_OK;
}

/* ---- martlet.setting -----------------------------------------------------*/

static mt_result walk_setting(mt_call *call) {
    mt_setting one;
    (void)call;
    CHECK(setting->count() > 0);
    memset(&one, 0, sizeof one);
    one.size = sizeof one;
    CHECK(setting->get(0, &one) == MT_OK && one.group.len > 0 && one.name.len > 0);
    CHECK(setting->get(UINT32_MAX, &one) == MT_NO);
    return MT_OK;
}

/* ---- martlet.rpc ---------------------------------------------------------*/

static mt_result answers(mt_call *call) {
    mt_value one = number_value(1), text = text_value("text");
    if (call->argc && call->args[0].type == MT_STR && same(call->args[0].str, "fault"))
        return rpc->fault(call, 404, mt_s("no such thing"));
    rpc->put(call, "one", &one);
    rpc->open(call, "inner", false);
    rpc->put(call, "text", &text);
    rpc->close(call);
    rpc->open(call, "list", true);
    rpc->put(call, NULL, &one);
    rpc->put(call, NULL, &text);
    rpc->close(call);
    return MT_OK;
}
static void sink_put(void *user, mt_str key, const mt_value *value) {
    (void)key;
    *(int *)user += value != NULL;
}
static void sink_open(void *user, mt_str key, bool list) { (void)key; *(int *)user += list ? 100 : 10; }
static void sink_close(void *user) { *(int *)user += 1000; }
static void sink_done(void *user, int32_t fault, mt_str text) {
    (void)text;
    host->count(host, INSIDE, fault == 0 && *(int *)user == 2114 ? 1000 : 0);
    *(int *)user = 0;
}
static const mt_rpc_sink sink = { sink_put, sink_open, sink_close, sink_done };
static int               pieces;
static mt_result walk_rpc(mt_call *call) {
    (void)call;
    CHECK(rpc->run(host, mt_s("everything.answers"), NULL, 0, &sink, &pieces) == MT_OK);
    return MT_OK;
}

/* ---- events, variables, parameters ---------------------------------------*/

static mt_result walk_host(mt_call *call) {
    CHECK(host->head.major == MARTLET_MAJOR && host->head.size >= sizeof(mt_head) && host->server);
    CHECK(host->workers > 0);
    CHECK(call->host == host && call->worker < host->workers && call->route != 0);
    CHECK(host->params[LIMIT].type == MT_INT && host->params[LIMIT].num == 10);
    CHECK(host->params[NAME].type == MT_STR && same(host->params[NAME].str, "nobody"));
    CHECK(host->params[PAUSE].type == MT_MS && host->params[PAUSE].num == 5000);
    CHECK(host->params[SWITCH].type == MT_BOOL && host->params[SWITCH].num == 1);
    CHECK(host->params[LINES].num == 0);
    if (host->level <= MT_LOG_DEBUG) host->log(host, MT_LOG_DEBUG, mt_s("walking"));
    if (host->level > MT_LOG_ERROR + MT_LOG_WARNING + MT_LOG_NOTICE + MT_LOG_INFO) return MT_NO;
    CHECK(MT_HAS(message, write));
    return host->emit(call, HAPPENED, call->msg, &here) >= 0 ? MT_OK : MT_NO;
}
static mt_result on_happened(mt_call *call) { return call->data == (const void *)&here ? MT_OK : MT_STOP; }
static mt_result on_event(mt_call *call) { (void)call; return MT_OK; }

static mt_result get(mt_call *call) {
    if (call->argc && call->args[0].type == MT_STR) *call->out = call->args[0];
    else *call->out = number_value(7);
    return MT_OK;
}
static mt_result set(mt_call *call) { return call->argc > 2 ? MT_OK : MT_ERROR; }
static mt_result prepare(mt_call *call) {
    call->out->ptr = (void *)&here;
    return call->args[0].str.len > 0 ? MT_OK : host->fail(host, mt_s("it is empty"), mt_s("write something"));
}
static mt_result prepare_key(mt_call *call) {
    call->out->ptr = (void *)&here;
    return call->user == &here && call->args[0].type == MT_STR ? MT_OK : MT_ERROR;
}
static mt_result get_prepared(mt_call *call) {
    *call->out = number_value(call->args[0].ptr == &here ? 7 : call->args[0].ptr == NULL ? 8 : 9);
    return call->user == &here ? MT_OK : MT_ERROR;
}
static mt_result walk_arguments(mt_call *call) {
    CHECK(call->argc == 5);
    CHECK(call->args[0].type == MT_STR && call->args[0].ptr == (void *)&here);
    CHECK(call->args[1].type == MT_EXPR && call->args[2].type == MT_SOCKET && call->args[3].type == MT_NULL);
    CHECK(call->args[4].type == MT_BOOL && call->args[4].num == 1);
    return MT_OK;
}

/* ---- the table -----------------------------------------------------------*/

static mt_result init(const mt_host *server) {
    host        = server;
    subject     = sip->token("Subject");
    CHECK(sip->token("s") == subject && sip->token("SUBJECT") == subject);
    CHECK(sip->token("X-Never-Seen") != subject);
    method_expr = script->compile(host, mt_s("$rm"));
    var_expr    = script->compile(host, mt_s("$var(everything)"));
    ours        = statistic->define(host, mt_s("everything"), mt_s("ours"));
    return script->route(host, MT_IN_REQUEST, mt_s("NO_SUCH_ROUTE")) == 0 ? MT_OK : MT_ERROR;
}
static void stop(const mt_host *server) { server->log(server, MT_LOG_DEBUG, mt_s("stopped")); }

#define SLOT(table) (const void **)&table
static const mt_need needs[] = {
    { "martlet.message",   1, 0, 0, SLOT(message) },
    { "martlet.sip",       1, 0, 0, SLOT(sip) },
    { "martlet.script",    1, 0, 0, SLOT(script) },
    { "martlet.loop",      1, 0, 0, SLOT(loop) },
    { "martlet.net",       1, 0, 0, SLOT(net) },
    { "martlet.attribute", 1, 0, 0, SLOT(attribute) },
    { "martlet.statistic", 1, 0, 0, SLOT(statistic) },
    { "martlet.rpc",       1, 0, 0, SLOT(rpc) },
    { "martlet.setting",   1, 0, 0, SLOT(setting) },
    { "store.nothing",     1, 0, MT_OPTIONAL, SLOT(store) },
    { "filter.nothing",    1, 0, MT_OPTIONAL | MT_LATE, SLOT(filter) },
};
typedef struct everything_api {
    mt_head   head;
    mt_result (*walk)(mt_call *);
} everything_api;
static const everything_api offer = { MT_HEAD(everything_api, 1, 0), walk_host };
static const mt_offer offers[] = { { "everything", &offer.head } };
#define NO_LIMIT 0, 0
static const mt_field params[] = {
    { "limit", MT_INT, 0, 0, 0, 1, 100, "10", "A number.", NULL },
    { "name", MT_STR, MT_VERBATIM | MT_RELOADABLE, 0, 0, NO_LIMIT, "nobody", "A text.", NULL },
    { "pause", MT_MS, 0, 0, 0, NO_LIMIT, "5s", "A time.", NULL },
    { "switch", MT_BOOL, MT_SECRET, 0, 0, NO_LIMIT, "yes", "A switch.", NULL },
    { "line", MT_STR, MT_MANY, 0, 0, NO_LIMIT, NULL, "One of many.", NULL },
};
static const mt_field five[] = {
    { "text", MT_STR, 0, 0, 0, NO_LIMIT, NULL, "Is prepared.", prepare },
    { "expression", MT_EXPR, 0, 0, 0, NO_LIMIT, NULL, "Anything.", NULL },
    { "socket", MT_SOCKET, 0, 0, 0, NO_LIMIT, NULL, "A socket.", NULL },
    { "missing", MT_INT, MT_OPTIONAL, 0, 0, NO_LIMIT, NULL, "May be missing.", NULL },
    { "switch", MT_BOOL, MT_OPTIONAL, 0, 0, NO_LIMIT, "yes", "May be missing too.", NULL },
};
static const mt_field two[] = {
    { "pattern", MT_REGEX, MT_VERBATIM, 0, 0, NO_LIMIT, NULL, "Matches aab.", NULL },
    { "route", MT_ROUTE, 0, MT_IN_REQUEST, 0, NO_LIMIT, NULL, "Is called EVERYTHING.", NULL },
};
static const mt_field time_arg[] = { { "limit", MT_MS, 0, 0, 0, NO_LIMIT, NULL, "How long to wait.", NULL } };
static const mt_field kind[] = {
    { "kind", MT_STR, MT_OPTIONAL, 0, 0, NO_LIMIT, NULL, "\"fault\" for one.", NULL },
};
#define NO_ARGS { NULL, 0, 0 }
#define EACH                                                                                              \
    (MT_IN_REQUEST | MT_IN_REPLY | MT_IN_FAILURE | MT_IN_BRANCH | MT_IN_SEND | MT_IN_LOCAL | MT_IN_EVENT     \
     | MT_IN_ERROR)
#define EACH_WAITS (EACH | MT_SUSPENDS)
static const mt_function functions[] = {
    { "everything_message", walk_message, NULL, NO_ARGS, MT_IN_REQUEST, 0, "Walks through martlet.message." },
    { "everything_sip", walk_sip, NULL, NO_ARGS, MT_IN_ANY, 0, "Walks through martlet.sip." },
    { "everything_script", walk_script, NULL, MT_LIST(two), EACH_WAITS, 0, "Walks through martlet.script." },
    { "everything_waiting", walk_waiting, NULL, MT_LIST(time_arg), EACH_WAITS, 0, "Waits until time is up." },
    { "everything_loop", walk_loop, NULL, NO_ARGS, EACH, 0, "Walks through martlet.loop." },
    { "everything_net", walk_net, NULL, NO_ARGS, MT_IN_REQUEST, 0, "Walks through martlet.net." },
    { "everything_attribute", walk_attribute, NULL, NO_ARGS, EACH, 0, "Walks through martlet.attribute." },
    { "everything_statistic", walk_statistic, NULL, NO_ARGS, EACH, 0, "Walks through martlet.statistic." },
    { "everything_setting", walk_setting, NULL, NO_ARGS, EACH, 0, "Walks through martlet.setting." },
    { "everything_rpc", walk_rpc, NULL, NO_ARGS, EACH, 0, "Walks through martlet.rpc." },
    { "everything_host", walk_host, NULL, NO_ARGS, EACH, 0, "Walks through the host." },
    { "everything_arguments", walk_arguments, NULL, MT_LIST(five), EACH, 0, "Looks at its arguments." },
};
static const mt_variable variables[] = {
    { "everything", get, set, NULL, "Gives its key, or 7.", NULL },
    { "everything_fixed", get, NULL, NULL, "Cannot be set.", NULL },
    { "everything_prepared", get_prepared, NULL, (void *)&here, "Knows its key.", prepare_key },
};
static const mt_command commands[] = {
    { "answers", answers, NULL, MT_LIST(kind), "Answers a bit of everything." },
};
static const mt_counter counters[] = {
    { "calls", MT_COUNTER, 0, "Walks through martlet.message." },
    { "inside", MT_GAUGE, 0, "What ran later." },
};
static const mt_event events[] = { { "happened", "Data: a number of ours." } };
static const mt_hook  hooks[]  = {
    { "everything.happened", on_happened, NULL, 0, 0 },
    { "core.ready", on_event, NULL, 0, 0 },
    { "core.worker", on_event, NULL, 0, 0 },
    { "core.request", on_event, NULL, -5, 0 },
    { "core.reply", on_event, NULL, 5, 0 },
    { "core.finished", on_event, NULL, 0, 0 },
    { "core.sending", on_event, NULL, 0, 0 },
    { "core.opened", on_event, NULL, 0, 0 },
    { "core.closed", on_event, NULL, 0, 0 },
    { "core.reloaded", on_event, NULL, 0, 0 },
    { "nothing.happened", on_event, NULL, 0, MT_OPTIONAL },
};
static const mt_plugin plugin = {
    MARTLET_MAGIC, MARTLET_MAJOR, MARTLET_MINOR, sizeof(mt_plugin), 0, "everything", "1.0.0",
    "Uses everything.", MT_LIST(needs), MT_LIST(offers), MT_LIST(params), MT_LIST(functions),
    MT_LIST(variables), MT_LIST(commands),
    MT_LIST(counters), MT_LIST(events), MT_LIST(hooks), init, stop,
};
const mt_plugin *martlet_plugin(uint32_t host_abi) {
    return host_abi >> 16 == MARTLET_MAJOR ? &plugin : NULL;
}

/* What only other plugins offer: the types are used, so that they have to stay. */
mt_result everything_of_stores(mt_call *call, mt_store *table, mt_msg *unused);
mt_result everything_of_stores(mt_call *call, mt_store *table, mt_msg *unused) {
    static const mt_column columns[] = {
        { "user", MT_STR, MT_KEY, 64, 0, "" }, { "count", MT_INT, 0, 0, 0, NULL },
        { "id", MT_INT, MT_SERIAL, 0, 0, NULL }, { "at", MT_TIME, 0, 0, 0, NULL },
        { "q", MT_DECIMAL, 0, 0, 0, NULL }, { "bytes", MT_STR, MT_BINARY, 0, 0, NULL },
    };
    static const mt_index  indexes[] = { { "count", 0, 0 } };
    static const mt_table  layout    = { "everything", 1, MT_UNVERSIONED, MT_LIST(columns), MT_LIST(indexes) };
    mt_match               match     = { 0, MT_EQ, text_value("bob") };
    mt_value               row[6];
    (void)unused;
    if (!store) return MT_NO;
    row[0] = text_value("bob");
    for (int i = 1; i < 6; i++) row[i] = number_value(MT_EQ + MT_NE + MT_LT + MT_LE + MT_GT + MT_GE);
    if (store->open(call->host, mt_s("nothing://"), &layout, &table) < 0) return MT_ERROR;
    store->put(call, table, row, on_event, NULL);
    store->erase(call, table, &match, 1, on_event, NULL);
    store->count(call, table, MT_ROWS, &match, 1, on_event, NULL);
    store->load(call->host, table, &match, 1, on_event, NULL);
    return store->find(call, table, &match, 1, on_event, on_event, NULL);
}
mt_result everything_of_filters(mt_call *call, mt_stage *stage);
mt_result everything_of_filters(mt_call *call, mt_stage *stage) {
    if (!filter || filter->listen(host, mt_s("tls:192.0.2.1:5061"), 0) < 0) return MT_NO;
    mt_filter *state = filter->open(call, stage, true, mt_s("b.example"));
    filter->received(call, state, mt_s(""));
    filter->send(call, state, mt_s(""));
    filter->close(call, state, true);
    return MT_OK;
}
