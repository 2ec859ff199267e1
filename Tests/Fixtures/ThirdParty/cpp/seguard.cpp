// SPDX-License-Identifier: Apache-2.0
// seguard.cpp: the plugin of ../c/seguard.c in C++17. No exception may cross into the server, so every
// callback is noexcept; and std::to_string would export a table of digits, where a plugin exports one symbol.
#include <martlet.h>
#include <sl.h>
#include <array>
#include <cstdio>

namespace {

const mt_host        *host;
const mt_message_api *message;
const mt_sip_api     *sip;
const sl_api         *sl;
uint32_t              session_expires;
enum { MIN_SE };  // params
enum { REFUSED }; // counters

mt_result check(mt_call *call) noexcept {
    int64_t   least = host->params[MIN_SE].num;
    mt_header at{};
    if (call->args[0].num > least) least = call->args[0].num;
    if (!message->header(call->msg, session_expires, &at) || mt_number(at.body) >= least) return MT_OK;

    std::array<char, 40> line{};
    const auto length =
        std::snprintf(line.data(), line.size(), "Min-SE: %lld", static_cast<long long>(least));
    host->count(host, REFUSED, 1);
    message->insert(call->msg, MT_LAST, nullptr, { line.data(), static_cast<size_t>(length) });
    sl->reply(call, 422, mt_s("Session Interval Too Small"));
    return MT_STOP;
}

mt_result init(const mt_host *server) noexcept {
    host            = server;
    session_expires = sip->token("Session-Expires");
    return MT_OK;
}

template <typename T> const void **slot(const T **table) { return reinterpret_cast<const void **>(table); }

const mt_need needs[] = {
    { "martlet.message", 1, 0, 0, slot(&message) },
    { "martlet.sip", 1, 0, 0, slot(&sip) },
    { "sl", 1, 0, 0, slot(&sl) },
};
const mt_field params[] = {
    { "min_se", MT_INT, 0, 0, 0, 90, 86400, "90", "Least session timer, in seconds.", nullptr },
};
const mt_counter  counters[] = { { "refused", MT_COUNTER, 0, "Requests answered with 422." } };
const mt_field    args[]  = {
    { "least", MT_INT, MT_OPTIONAL, 0, 0, 0, 0, "0", "Least here, if more.", nullptr },
};
const mt_function calls[] = {
    { "seguard_check", check, nullptr, MT_LIST(args), MT_IN_REQUEST, 0, "Refuses a too short timer." },
};

mt_plugin table() {
    mt_plugin plugin{};
    plugin.magic     = MARTLET_MAGIC;
    plugin.major     = MARTLET_MAJOR;
    plugin.minor     = MARTLET_MINOR;
    plugin.size      = sizeof plugin;
    plugin.name      = "seguard";
    plugin.version   = "1.0.0";
    plugin.help      = "Refuses too short session timers.";
    plugin.needs     = MT_LIST(needs);
    plugin.params    = MT_LIST(params);
    plugin.functions = MT_LIST(calls);
    plugin.counters  = MT_LIST(counters);
    plugin.init      = init;
    return plugin;
}

} // namespace

const mt_plugin *martlet_plugin(uint32_t) {
    static const mt_plugin plugin = table();
    return &plugin;
}
