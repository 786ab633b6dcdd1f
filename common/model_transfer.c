/* A curl handle and its buffers. What never changes is set once; a call sets its body and its list of
 * headers, whose nodes lie in the transfer and lead into the model's shared list, so that a call on a
 * warm handle allocates nothing here. The deadline is model_call.c's, not curl's.
 * What is in doubt (cut short, too large, overdue) is ended with its connection: curl closes the
 * connection of an exchange that did not end well. */
#include "common/model_transfer.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_MAX = 64 * 1024, BODY_FIRST = 1024, BODY_KEPT = 64 * 1024 };

/* A head begins with "HTTP/" and ends with an empty line; there may be several (100, then 200). curl
 * calls a head that is cut short by a close a good answer: it is not. */
static size_t on_head(char *data, size_t one, size_t n, void *opaque)
{
	struct transfer *transfer = opaque;
	transfer->head_size += one * n;
	if (data[0] == '\r' || data[0] == '\n')
		transfer->is_head_whole = true;
	else if (n >= 5 && memcmp(data, "HTTP/", 5) == 0)
		transfer->is_head_whole = false;
	if (!transfer->call->first_byte_us)
		transfer->call->first_byte_us = clock_monotonic_us();
	transfer->is_head_too_large = transfer->head_size > HEAD_MAX;
	return transfer->is_head_too_large ? 0 : one * n;
}

/* Grows by doubling, so that a content-length that lies costs nothing. */
static void reserve(struct transfer *transfer, size_t size)
{
	size_t capacity = transfer->capacity ? transfer->capacity : BODY_FIRST;
	while (capacity < size)
		capacity *= 2;
	if (capacity == transfer->capacity)
		return;
	transfer->body = realloc(transfer->body, capacity);
	memory_need(transfer->body);
	transfer->capacity = capacity;
}

static size_t on_body(char *data, size_t one, size_t n, void *opaque)
{
	struct transfer *transfer = opaque;
	size_t size = one * n;
	transfer->is_too_large = size > transfer->max - transfer->size;
	if (transfer->is_too_large)
		return 0;
	reserve(transfer, transfer->size + size);
	memcpy(transfer->body + transfer->size, data, size);
	transfer->size += size;
	transfer->last_byte_us = clock_monotonic_us();
	return size;
}

/* The environment's proxies and ~/.netrc play no part: where a request goes stands in the control
 * log alone. QUICK_EXIT: without it, ending a call in the middle of a slow name lookup waits. */
static void set_up_http(CURL *easy, const struct model_config *config)
{
	curl_easy_setopt(easy, CURLOPT_URL, config->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "umbra/" UMBRA_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, config->is_get ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
}

static void set_up_tls(CURL *easy, const struct model_config *config)
{
	if (config->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file);
	if (config->cert_file)
		curl_easy_setopt(easy, CURLOPT_SSLCERT, config->cert_file);
	if (config->key_file)
		curl_easy_setopt(easy, CURLOPT_SSLKEY, config->key_file);
}

struct transfer *transfer_new(const struct model_config *config)
{
	CURL *easy = curl_easy_init();
	struct transfer *transfer = calloc(1, sizeof *transfer);
	memory_need(easy && transfer);
	transfer->easy = easy;
	transfer->max = (size_t)config->max_response_bytes;
	transfer->is_get = config->is_get;
	set_up_http(easy, config);
	set_up_tls(easy, config);
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)config->max_response_bytes);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	return transfer;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	curl_easy_cleanup(transfer->easy);
	header_set_release(transfer->set);
	free(transfer->body);
	free(transfer);
}

static void put_line(struct transfer *transfer, int *n, const char *name, const char *value)
{
	assert(*n < TRANSFER_LINES && strlen(name) + strlen(value) < TRANSFER_LINE_MAX);
	char *line = transfer->lines[*n];
	stpcpy(stpcpy(line, name), value);
	transfer->nodes[(*n)++].data = line;
}

/* A name without a value keeps curl from sending a default of its own. */
static struct curl_slist *call_headers(struct transfer *transfer, const struct model_headers *fixed)
{
	const struct model_call *call = transfer->call;
	int n = 0;
	if (!model_headers_has(fixed, "content-type"))
		put_line(transfer, &n,
			"content-type: ", call->content_type ? call->content_type : "");
	if (!model_headers_has(fixed, "accept"))
		put_line(transfer, &n, "accept: ", call->accept ? call->accept : "");
	if (call->request_id)
		put_line(transfer, &n, "x-request-id: ", call->request_id);
	if (call->role != ROLE_PRODUCTION)
		put_line(transfer, &n, "x-umbra-shadow: ", "1");
	struct curl_slist *list = transfer->set->list;
	while (n-- > 0) {
		transfer->nodes[n].next = list;
		list = &transfer->nodes[n];
	}
	return list;
}

void transfer_begin(struct transfer *transfer, struct model_call *call, struct header_set *set,
	const struct model_headers *fixed)
{
	assert(!transfer->call);
	transfer->call = call;
	transfer->set = set;
	transfer->size = transfer->head_size = 0;
	transfer->last_byte_us = 0;
	transfer->is_too_large = transfer->is_head_too_large = transfer->is_head_whole = false;
	if (!transfer->is_get) { /* either option would make it a POST */
		curl_easy_setopt(
			transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_size);
		curl_easy_setopt(
			transfer->easy, CURLOPT_POSTFIELDS, call->body_size ? call->body : "");
	}
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, call_headers(transfer, fixed));
}

static const char *format_status(struct transfer *transfer, int status)
{
	snprintf(transfer->reason, sizeof transfer->reason, "status %d", status);
	return transfer->reason;
}

static void end_as(struct model_call *call, enum outcome outcome, const char *reason)
{
	call->outcome = outcome;
	call->reason = reason;
}

static void end_by_status(struct transfer *transfer)
{
	struct model_call *call = transfer->call;
	int hundred = call->status / 100;
	if (hundred == 2)
		end_as(call, OUTCOME_OK, "");
	else if (hundred == 4)
		end_as(call, OUTCOME_CLIENT_ERROR, format_status(transfer, call->status));
	else if (hundred == 5)
		end_as(call, OUTCOME_SERVER_ERROR, format_status(transfer, call->status));
	else
		end_as(call, OUTCOME_PROTOCOL_ERROR, format_status(transfer, call->status));
}

static const char *connect_reason(CURL *easy)
{
	long number = 0;
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
	switch (number) {
	case ECONNREFUSED:
		return "connection refused";
	case ENETUNREACH:
	case EHOSTUNREACH:
		return "host unreachable";
	case EMFILE:
	case ENFILE:
		return "no file descriptors left";
	default:
		return "no connection";
	}
}

/* curl's other codes are failures to speak HTTP. */
static void end_by_code(struct transfer *transfer, CURLcode code)
{
	struct model_call *call = transfer->call;
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		end_as(call, OUTCOME_CONNECT_FAILED, "no such host");
		break;
	case CURLE_COULDNT_CONNECT:
		end_as(call, OUTCOME_CONNECT_FAILED, connect_reason(transfer->easy));
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		end_as(call, OUTCOME_CONNECT_FAILED, "certificate not trusted");
		break;
	case CURLE_SSL_CERTPROBLEM:
		end_as(call, OUTCOME_CONNECT_FAILED, "client certificate unusable");
		break;
	case CURLE_SSL_CACERT_BADFILE:
		end_as(call, OUTCOME_CONNECT_FAILED, "CA file unusable");
		break;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ENGINE_INITFAILED:
		end_as(call, OUTCOME_CONNECT_FAILED, "TLS handshake failed");
		break;
	case CURLE_OPERATION_TIMEDOUT:
		end_as(call, OUTCOME_TIMEOUT, "connecting");
		break;
	case CURLE_FILESIZE_EXCEEDED:
		end_as(call, OUTCOME_TOO_LARGE, "answer too large");
		break;
	case CURLE_GOT_NOTHING:
		end_as(call, OUTCOME_PROTOCOL_ERROR, "closed without an answer");
		break;
	case CURLE_PARTIAL_FILE:
		end_as(call, OUTCOME_PROTOCOL_ERROR, "answer cut short");
		break;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		end_as(call, OUTCOME_PROTOCOL_ERROR, "connection lost");
		break;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
		end_as(call, OUTCOME_PROTOCOL_ERROR, "not HTTP");
		break;
	default:
		end_as(call, OUTCOME_PROTOCOL_ERROR, curl_easy_strerror(code));
	}
}

/* Visible ASCII and spaces, at most 256, else "". */
static void take_content_type(struct transfer *transfer)
{
	char *from = NULL;
	transfer->content_type[0] = '\0';
	curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &from);
	size_t size = from && header_value_is_safe(from) ? strlen(from) + 1 : 0;
	if (size && size <= sizeof transfer->content_type)
		memcpy(transfer->content_type, from, size);
}

static void take_answer(struct transfer *transfer, int64_t now_us)
{
	struct model_call *call = transfer->call;
	long status = 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	take_content_type(transfer);
	call->status = (int)status;
	call->response = transfer->size ? transfer->body : "";
	call->response_size = transfer->size;
	call->response_content_type = transfer->content_type;
	call->ended_us = now_us;
}

/* The last byte came when curl handed it over, somewhat before `now_us`; where the end was not
 * announced (chunks), the last byte is not the last of the body. */
static int64_t end_time(const struct transfer *transfer, int64_t now_us)
{
	curl_off_t length = -1;
	curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return length > 0 && transfer->last_byte_us ? transfer->last_byte_us : now_us;
}

void transfer_finish(struct transfer *transfer, CURLcode code, int64_t now_us)
{
	struct model_call *call = transfer->call;
	take_answer(transfer, now_us);
	if (transfer->is_too_large) {
		end_as(call, OUTCOME_TOO_LARGE, "answer too large");
	} else if (transfer->is_head_too_large) {
		end_as(call, OUTCOME_PROTOCOL_ERROR, "headers too large");
	} else if (code != CURLE_OK) {
		end_by_code(transfer, code);
	} else if (!transfer->is_head_whole) {
		end_as(call, OUTCOME_PROTOCOL_ERROR, "answer cut short");
	} else {
		call->ended_us = end_time(transfer, now_us);
		end_by_status(transfer);
	}
}

void transfer_time_out(struct transfer *transfer, int64_t now_us)
{
	struct model_call *call = transfer->call;
	curl_off_t ready_us = 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
	take_answer(transfer, now_us);
	if (call->first_byte_us)
		end_as(call, OUTCOME_TIMEOUT, "answer incomplete");
	else
		end_as(call, OUTCOME_TIMEOUT, ready_us ? "no answer" : "connecting");
}

int64_t transfer_retry_after_us(const struct transfer *transfer)
{
	curl_off_t seconds = 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds > 86400)
		seconds = 86400;
	return seconds > 0 ? seconds * 1000000 : 0;
}

void transfer_reset(struct transfer *transfer)
{
	transfer->call = NULL;
	header_set_release(transfer->set);
	transfer->set = NULL;
	if (transfer->capacity > BODY_KEPT) {
		free(transfer->body);
		transfer->body = NULL;
		transfer->capacity = 0;
	}
}
