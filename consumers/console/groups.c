/* The groups are looked at one after the other, one at each call, so that the loop is held up by one at most.
 * librdkafka's admin requests would not hold it up at all, but one that is on its way to a group's
 * coordinator when a broker goes ends the process (librdkafka issue 3663). So what a group has committed is asked as
 * a member would ask, by a handle that has the group's name and never joins. */
#include "consumers/console/groups.h"
#include "common/log.h"
#include "common/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD_US INT64_C(30000000)
enum { TIMEOUT_MS = 500 };

struct groups {
	rd_kafka_t *
		rk; /* fetches nothing: behind a fetch a question would wait as long as that does */
	const struct common_settings *settings;
	struct peers peers; /* its groups are those of the round that is on */
	size_t next; /* of them */
	struct peer_group *told; /* those of the round before */
	size_t n_told;
	int64_t due_us; /* monotonic: the next round; valid when none is on */
};

struct groups *groups_new(const struct common_settings *settings, char *errstr, size_t errstr_size)
{
	struct groups *groups = calloc(1, sizeof *groups);
	memory_need(groups);
	groups->settings = settings;
	groups->rk = kafka_reader_new(settings, errstr, errstr_size);
	if (groups->rk)
		return groups;
	groups_free(groups);
	return NULL;
}

void groups_free(struct groups *groups)
{
	if (!groups)
		return;
	if (groups->rk)
		rd_kafka_destroy(groups->rk);
	peers_fini(&groups->peers);
	free(groups->told);
	free(groups);
}

const struct peer_group *groups_told(const struct groups *groups, size_t *n)
{
	*n = groups->n_told;
	return groups->told;
}

const struct peer *groups_seen(const struct groups *groups, size_t *n)
{
	*n = groups->peers.n_seen;
	return groups->peers.seen;
}

static void note_why(struct peer_group *group, rd_kafka_resp_err_t err)
{
	bool is_forbidden = err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
	snprintf(group->why, sizeof group->why, "group %s %s be asked about: %s%s", group->name,
		is_forbidden ? "may not" : "cannot", rd_kafka_err2str(err), kafka_remedy(err));
}

/* Once, and again when it is another reason. */
static void warn(const struct groups *groups, const struct peer_group *group)
{
	for (size_t i = 0; i < groups->n_told; i++)
		if (!strcmp(groups->told[i].why, group->why))
			return;
	if (group->why[0])
		log_warn("groups", "%s", group->why);
}

/* Members. */

static void look_at_members(struct groups *groups, struct peer_group *group, int64_t wall_us)
{
	const struct rd_kafka_group_list *list = NULL;
	rd_kafka_resp_err_t err = rd_kafka_list_groups(groups->rk, group->name, &list, TIMEOUT_MS);
	if (err && err != RD_KAFKA_RESP_ERR__PARTIAL) {
		note_why(group, err);
		return;
	}
	for (int i = 0; i < list->group_cnt; i++)
		for (int k = 0; k < list->groups[i].member_cnt; k++) {
			const struct rd_kafka_group_member_info *one = &list->groups[i].members[k];
			struct peer_member member = {
				one->client_id, one->member_id, one->client_host};
			peers_note(&groups->peers, group, &member, wall_us);
		}
	rd_kafka_group_list_destroy(list);
}

/* Lag. */

static rd_kafka_t *open_as(
	struct groups *groups, const char *name, char *errstr, size_t errstr_size)
{
	const struct kafka_property defaults[] = {{"group.id", name},
		{"enable.auto.commit", "false"}, {"allow.auto.create.topics", "false"},
		{NULL, NULL}};
	rd_kafka_conf_t *conf = kafka_conf_new(groups->settings, defaults, errstr, errstr_size);
	rd_kafka_t *rk = conf ? rd_kafka_new(RD_KAFKA_CONSUMER, conf, errstr, errstr_size) : NULL;
	if (rk)
		rd_kafka_poll_set_consumer(rk);
	else if (conf)
		rd_kafka_conf_destroy(conf);
	return rk;
}

/* Why a coordinator that is not found is not found stands on the consumer's queue. */
static rd_kafka_resp_err_t better_reason(rd_kafka_t *rk, rd_kafka_resp_err_t err)
{
	rd_kafka_message_t *rkm;
	while ((rkm = rd_kafka_consumer_poll(rk, 0))) {
		if (rkm->err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
			err = rkm->err;
		rd_kafka_message_destroy(rkm);
	}
	return err;
}

/* 0, or the error is noted. */
static int ask_committed(
	struct groups *groups, struct peer_group *group, rd_kafka_topic_partition_list_t *list)
{
	char errstr[300] = "";
	rd_kafka_t *rk = open_as(groups, group->name, errstr, sizeof errstr);
	if (!rk) {
		snprintf(group->why, sizeof group->why, "%s", errstr);
		return -1;
	}
	rd_kafka_resp_err_t err = rd_kafka_committed(rk, list, TIMEOUT_MS);
	if (err)
		note_why(group, better_reason(rk, err));
	rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	return err ? -1 : 0;
}

static rd_kafka_topic_partition_list_t *ask_ends(
	struct groups *groups, const rd_kafka_topic_partition_list_t *committed)
{
	rd_kafka_topic_partition_list_t *ends = rd_kafka_topic_partition_list_copy(committed);
	for (int i = 0; i < ends->cnt; i++)
		ends->elems[i].offset = RD_KAFKA_OFFSET_END;
	if (!rd_kafka_offsets_for_times(groups->rk, ends, TIMEOUT_MS))
		return ends;
	rd_kafka_topic_partition_list_destroy(ends);
	return NULL;
}

/* Over the partitions of which something was committed. */
static void count_lag(struct peer_group *group, const rd_kafka_topic_partition_list_t *committed,
	const rd_kafka_topic_partition_list_t *ends)
{
	for (int i = 0; i < committed->cnt; i++) {
		int64_t next = committed->elems[i].offset, end = ends->elems[i].offset;
		if (next < 0 || committed->elems[i].err)
			continue;
		if (ends->elems[i].err) {
			snprintf(group->why, sizeof group->why,
				"the end of topic %s is not told: %s", group->topic,
				rd_kafka_err2str(ends->elems[i].err));
			group->lag = -1;
			return;
		}
		group->lag = (group->lag < 0 ? 0 : group->lag) + (end > next ? end - next : 0);
	}
}

static void look_at_lag(struct groups *groups, struct peer_group *group)
{
	char errstr[300];
	int n = kafka_partition_count(groups->rk, group->topic, TIMEOUT_MS, errstr, sizeof errstr);
	if (n <= 0) {
		snprintf(group->why, sizeof group->why, "%s", n ? errstr : "no such topic");
		return;
	}
	rd_kafka_topic_partition_list_t *committed = rd_kafka_topic_partition_list_new(n);
	rd_kafka_topic_partition_list_add_range(committed, group->topic, 0, n - 1);
	if (!ask_committed(groups, group, committed)) {
		rd_kafka_topic_partition_list_t *ends = ask_ends(groups, committed);
		if (ends) {
			count_lag(group, committed, ends);
			rd_kafka_topic_partition_list_destroy(ends);
		} else {
			snprintf(group->why, sizeof group->why, "the end of topic %s is not told",
				group->topic);
		}
	}
	rd_kafka_topic_partition_list_destroy(committed);
}

/* Rounds. */

static void begin(struct groups *groups, const struct control_state *state, int64_t wall_us)
{
	peers_forget_old(&groups->peers, wall_us);
	peers_list_groups(&groups->peers, state, groups->settings->prefix, wall_us);
	groups->next = 0;
}

static void end(struct groups *groups, int64_t now_us)
{
	groups->n_told = groups->peers.n_groups;
	groups->told = reallocarray(groups->told, groups->n_told + 1, sizeof *groups->told);
	memory_need(groups->told);
	memcpy(groups->told, groups->peers.groups, groups->n_told * sizeof *groups->told);
	groups->due_us = now_us + PERIOD_US;
}

void groups_look(
	struct groups *groups, const struct control_state *state, int64_t now_us, int64_t wall_us)
{
	bool is_over = groups->next == groups->peers.n_groups;
	if (is_over && now_us < groups->due_us)
		return;
	if (is_over)
		begin(groups, state, wall_us);
	struct peer_group *group = &groups->peers.groups[groups->next++];
	(void)better_reason(groups->rk, RD_KAFKA_RESP_ERR_NO_ERROR); /* nobody else empties it */
	look_at_members(groups, group, wall_us);
	look_at_lag(groups, group);
	warn(groups, group);
	if (groups->next == groups->peers.n_groups)
		end(groups, now_us);
}
