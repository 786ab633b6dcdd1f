#include "integration/models/invocation.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum form { FORM_JSON, FORM_CSV, FORM_UNKNOWN };

static enum form form_of(const char *content_type)
{
	if (!content_type)
		return FORM_JSON;
	size_t n = strcspn(content_type, "; ");
	if (n == 16 && strncasecmp(content_type, "application/json", n) == 0)
		return FORM_JSON;
	if (n == 8 && strncasecmp(content_type, "text/csv", n) == 0)
		return FORM_CSV;
	return FORM_UNKNOWN;
}

static enum form answer_form(const char *accept, enum form asked)
{
	if (accept && strcasestr(accept, "text/csv"))
		return FORM_CSV;
	if (accept && strcasestr(accept, "application/json"))
		return FORM_JSON;
	return asked;
}

void invocation_fail(struct invocation_answer *answer, unsigned status, const char *message)
{
	json_t *json = json_pack("{ss%}", "error", message, strlen(message));
	char *text = json ? json_dumps(json, JSON_ENSURE_ASCII) : NULL;
	int n = snprintf(answer->body, sizeof answer->body, "%s",
		text && strlen(text) < sizeof answer->body ? text : "{\"error\": \"bad request\"}");
	answer->status = status;
	answer->type = "application/json";
	answer->size = (size_t)n;
	free(text);
	json_decref(json);
}

void invocation_garbage(struct invocation_answer *answer)
{
	static const char garbage[] = "\xff\xfe{\"churn\": tru\0e, \"\x80";
	answer->status = 200;
	answer->type = "application/json";
	answer->size = sizeof garbage - 1;
	memcpy(answer->body, garbage, answer->size);
}

static void write_answer(
	struct invocation_answer *answer, enum form form, const char *label, double probability)
{
	const char *churns = probability > 0.5 ? "true" : "false";
	int n = form == FORM_CSV
		? snprintf(answer->body, sizeof answer->body, "%s,%.6f\n", churns, probability)
		: snprintf(answer->body, sizeof answer->body,
			  "{\"%.100s\": %s, \"probability\": %.6f}", label, churns, probability);
	answer->status = 200;
	answer->type = form == FORM_CSV ? "text/csv" : "application/json";
	answer->size = (size_t)n;
}

void invocation_run(const struct features *features, struct predictor *predictor,
	const struct invocation *invocation, struct invocation_answer *answer)
{
	char errstr[200];
	enum form form = form_of(invocation->content_type);
	if (form == FORM_UNKNOWN) {
		invocation_fail(answer, 415, "content-type must be application/json or text/csv");
		return;
	}
	float *row = predictor_row(predictor);
	int rc = form == FORM_CSV ? features_from_csv(features, invocation->body, invocation->size,
					    row, errstr, sizeof errstr)
				  : features_from_json(features, invocation->body, invocation->size,
					    row, errstr, sizeof errstr);
	if (rc) {
		invocation_fail(answer, 400, errstr);
		return;
	}
	double probability = predictor_run(predictor);
	if (probability < 0)
		invocation_fail(answer, 500, "the model failed");
	else
		write_answer(answer, answer_form(invocation->accept, form),
			features_label(features), probability);
}
