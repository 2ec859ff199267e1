/* SPDX-License-Identifier: Apache-2.0 */
/* slow.c: a store that takes its time, as slow://MILLISECONDS says: "store.slow". It knows everybody whose name
 * does not begin with "no"; every text of a row is "secret". */
#include <martlet.h>
#include <stdlib.h>
#include <string.h>

static const mt_loop_api *loop;
static const mt_host *server;

struct mt_store { uint32_t delay, columns; };

struct job {
    mt_store *store;
    mt_fn row, done;
    void *user;
    bool known;
};

static mt_result answer(mt_call *call)
{
    struct job *job = call->user;
    call->user = job->user;
    if (job->known && job->row) {
        mt_value *values = calloc(job->store->columns, sizeof *values);
        for (uint32_t i = 0; values && i < job->store->columns; i++) {
            values[i].type = i == 0 ? MT_INT : MT_STR;
            values[i].num = 1;
            values[i].str = mt_s("secret");
        }
        call->args = values;
        call->argc = job->store->columns;
        job->row(call);
        free(values);
    }
    call->args = NULL;
    call->argc = 0;
    call->result = MT_OK;
    if (job->done) job->done(call);
    free(job);
    return MT_OK;
}

static mt_result later(mt_call *call, mt_store *store, mt_fn row, mt_fn done, void *user, bool known)
{
    struct job *job = malloc(sizeof *job);
    if (!job) return MT_ERROR;
    *job = (struct job){ store, row, done, user, known };
    return loop->after(server, call->worker, store->delay, answer, job) ? MT_OK : MT_ERROR;
}

static mt_result open_table(const mt_host *host, mt_str url, const mt_table *table, mt_store **out)
{
    (void)host;
    mt_store *store = malloc(sizeof *store);
    if (!store) return MT_ERROR;
    store->delay = url.len > 7 ? (uint32_t)atoi(url.ptr + 7) : 0;
    store->columns = table->columns.count;
    *out = store;
    return MT_OK;
}

static mt_result find(mt_call *call, mt_store *store, const mt_match *matches, uint32_t count, mt_fn row, mt_fn done,
                      void *user)
{
    mt_str name = count > 0 ? matches[0].value.str : (mt_str){ NULL, 0 };
    return later(call, store, row, done, user, !(name.len >= 2 && memcmp(name.ptr, "no", 2) == 0));
}

static mt_result put(mt_call *call, mt_store *store, const mt_value *row, mt_fn done, void *user)
{
    (void)row;
    return later(call, store, NULL, done, user, false);
}

static mt_result erase(mt_call *call, mt_store *store, const mt_match *matches, uint32_t count, mt_fn done, void *user)
{
    (void)matches, (void)count;
    return later(call, store, NULL, done, user, false);
}

static mt_result count_rows(mt_call *call, mt_store *store, uint32_t column, const mt_match *matches, uint32_t count,
                            mt_fn done, void *user)
{
    (void)column, (void)matches, (void)count;
    return later(call, store, NULL, done, user, false);
}

static mt_result load(const mt_host *host, mt_store *store, const mt_match *matches, uint32_t count, mt_fn row,
                      void *user)
{
    (void)host, (void)store, (void)matches, (void)count, (void)row, (void)user;
    return MT_OK;
}

static mt_result init(const mt_host *host)
{
    server = host;
    return MT_OK;
}

static const mt_store_api store = {
    MT_HEAD(mt_store_api, 1, 0), open_table, find, put, erase, count_rows, load, NULL, NULL
};
static const mt_need needs[] = { { "martlet.loop", 1, 0, 0, (const void **)&loop } };
static const mt_offer offers[] = { { "store.slow", &store.head } };

static const mt_plugin plugin = {
    MT_PLUGIN("slow", "1.0.0", "A store that takes its time."),
    .needs = MT_LIST(needs), .offers = MT_LIST(offers), .init = init,
};

const mt_plugin *martlet_plugin(uint32_t host_abi)
{
    (void)host_abi;
    return &plugin;
}
