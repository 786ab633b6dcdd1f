/* A list of hosts follows the control state, looked through once a second: what is still wanted, with
 * the same page and figures, stays. Each host has one call, so that a page that hangs is asked for
 * again only after its deadline. */
#include "consumers/console/hosts.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/metrics.h"
#include "common/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define PERIOD_US (10 * SECOND_US)

enum { PAGE_MAX = 4 << 20, HOSTS_MAX = 1000 };

struct host {
	struct model_call call; /* first: done() gets its address */
	struct hosts *hosts;
	char *object; /* in the log: "host of variant ENDPOINT/VARIANT" */
	char *endpoint, *variant;
	char *url, *query[HOST_METRICS]; /* NULL: the usual ones */
	struct model *model; /* NULL: it cannot be asked, see the log */
	bool is_asked; /* the call is open */
	bool is_wanted;
	int64_t due_us; /* monotonic */
	struct host_counter cpu;
	struct host *next;
};

struct hosts {
	struct host_store *store;
	struct model_caller *caller;
	struct host *first;
	size_t n;
	int64_t next_look_us;
};

static struct metric_family pages_total = {
	.name = "umbra_console_host_pages_total",
	.type = METRIC_COUNTER,
	.help = "Prometheus pages of model hosts that were asked for, by what became of it.",
	.labels = {"result"},
};

static void count(const char *result)
{
	metric_get(&pages_total, &result)->value++;
}

struct hosts *hosts_new(struct host_store *store, struct model_caller *caller)
{
	struct hosts *hosts = calloc(1, sizeof *hosts);
	memory_need(hosts);
	hosts->store = store;
	hosts->caller = caller;
	return hosts;
}

static void host_free(struct host *host)
{
	if (host->is_asked)
		model_call_cancel(&host->call);
	model_release(host->model);
	for (int i = 0; i < HOST_METRICS; i++)
		free(host->query[i]);
	free(host->url);
	free(host->variant);
	free(host->endpoint);
	free(host->object);
	free(host);
}

void hosts_free(struct hosts *hosts)
{
	if (!hosts)
		return;
	while (hosts->first) {
		struct host *host = hosts->first;
		hosts->first = host->next;
		host_free(host);
	}
	free(hosts);
}

size_t hosts_count(const struct hosts *hosts)
{
	return hosts->n;
}

/* A page that came. */

static const char *keep(struct host *host, const struct host_reading *reading)
{
	if (host_store_put(host->hosts->store, host->endpoint, host->variant, clock_wall_us(),
		    reading) == 0)
		return "ok";
	log_warn(host->object, "what it told could not be kept");
	return "not_kept";
}

static const char *take_page(struct host *host)
{
	struct host_wish wish;
	struct host_figures figures;
	struct host_reading reading;
	memcpy(wish.query, host->query, sizeof wish.query);
	host_figures_read(&wish, host->call.response, host->call.response_size, &figures);
	for (int i = 0; i < HOST_METRICS; i++)
		if (host->query[i] && !figures.is_known[i])
			log_warn(host->object, "%s has no %s", host->url, host->query[i]);
	host_reading_make(&figures, &host->cpu, host->call.ended_us, &reading);
	if (figures.is_known[HOST_CPU] || figures.is_known[HOST_MEMORY] ||
		figures.is_known[HOST_DISK])
		return keep(host, &reading);
	log_warn(host->object, "%s tells nothing of CPU, memory or disk", host->url);
	return "empty";
}

static void on_page(struct model_call *call)
{
	struct host *host = (struct host *)call;
	host->is_asked = false;
	if (call->outcome == OUTCOME_OK) {
		count(take_page(host));
		return;
	}
	count("failed");
	log_warn(host->object, "%s: %s", host->url, call->reason);
}

/* What is wanted. */

static char *copy(const char *text)
{
	char *own = text ? strdup(text) : NULL;
	memory_need(own || !text);
	return own;
}

static bool is_of(const struct host *host, const char *endpoint, const struct variant *variant)
{
	return strcmp(host->endpoint, endpoint) == 0 && strcmp(host->variant, variant->name) == 0 &&
		strcmp(host->url, variant->metrics_url) == 0 &&
		text_equal(host->query[HOST_CPU], variant->metrics_cpu) &&
		text_equal(host->query[HOST_MEMORY], variant->metrics_memory) &&
		text_equal(host->query[HOST_DISK], variant->metrics_disk);
}

/* The model's certificates are good for its page, its headers are not: they may hold its secrets. */
static void open_page(struct host *host, const struct variant *variant)
{
	struct model_config config = {
		.name = host->object,
		.url = host->url,
		.is_get = true,
		.timeout_us = PERIOD_US / 2,
		.max_in_flight = 1,
		.max_response_bytes = PAGE_MAX,
		.ca_file = variant->ca_file,
		.cert_file = variant->cert_file,
		.key_file = variant->key_file,
	};
	char errstr[512];
	host->model = model_new(host->hosts->caller, &config, errstr, sizeof errstr);
	if (!host->model)
		log_warn(host->object, "%s", errstr);
}

static void add_host(struct hosts *hosts, const char *endpoint, const struct variant *variant)
{
	struct host *host = calloc(1, sizeof *host);
	memory_need(host);
	memory_need(asprintf(&host->object, "host of variant %s/%s", endpoint, variant->name) >= 0);
	host->hosts = hosts;
	host->endpoint = copy(endpoint);
	host->variant = copy(variant->name);
	host->url = copy(variant->metrics_url);
	host->query[HOST_CPU] = copy(variant->metrics_cpu);
	host->query[HOST_MEMORY] = copy(variant->metrics_memory);
	host->query[HOST_DISK] = copy(variant->metrics_disk);
	host->is_wanted = true;
	host->call.accept = "text/plain;version=0.0.4";
	host->call.role = ROLE_PRODUCTION;
	host->call.done = on_page;
	open_page(host, variant);
	host->next = hosts->first;
	hosts->first = host;
	hosts->n++;
}

static void want(struct hosts *hosts, const char *endpoint, const struct variant *variant)
{
	if (!variant->metrics_url)
		return;
	for (struct host *host = hosts->first; host; host = host->next) {
		if (is_of(host, endpoint, variant)) {
			host->is_wanted = true;
			return;
		}
	}
	if (hosts->n < HOSTS_MAX)
		add_host(hosts, endpoint, variant);
	else
		log_warn(NULL, "more than %d hosts: those beyond are not read", HOSTS_MAX);
}

static void want_all(struct hosts *hosts, const struct control_state *state, int64_t wall_us)
{
	for (size_t i = 0; i < state->n_endpoints; i++)
		for (size_t j = 0; j < state->endpoints[i]->n_variants; j++)
			want(hosts, state->endpoints[i]->name, &state->endpoints[i]->variants[j]);
	for (size_t i = 0; i < state->n_tests; i++) {
		const struct test *test = state->tests[i];
		if (test_state_at(test, wall_us) != TEST_RUNNING)
			continue;
		for (size_t j = 0; j < test->n_variants; j++)
			want(hosts, test->endpoint, &test->variants[j]);
	}
}

static void follow(struct hosts *hosts, const struct control_state *state, int64_t wall_us)
{
	for (struct host *host = hosts->first; host; host = host->next)
		host->is_wanted = false;
	want_all(hosts, state, wall_us);
	struct host **place = &hosts->first;
	while (*place) {
		struct host *host = *place;
		if (host->is_wanted) {
			place = &host->next;
			continue;
		}
		*place = host->next;
		hosts->n--;
		host_free(host);
	}
}

int64_t hosts_tick(
	struct hosts *hosts, const struct control_state *state, int64_t now_us, int64_t wall_us)
{
	if (now_us >= hosts->next_look_us) {
		follow(hosts, state, wall_us);
		hosts->next_look_us = now_us + SECOND_US;
	}
	int64_t wait_us = hosts->next_look_us - now_us;
	for (struct host *host = hosts->first; host; host = host->next) {
		if (host->model && !host->is_asked && now_us >= host->due_us) {
			host->is_asked = true;
			host->due_us = now_us + PERIOD_US;
			model_call_start(host->model, &host->call);
		}
		if (host->model && !host->is_asked)
			wait_us = loop_earlier(wait_us, host->due_us - now_us);
	}
	return wait_us;
}
