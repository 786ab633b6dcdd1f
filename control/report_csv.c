/* The windows of a test as CSV, RFC 4180: a line for each window and arm. Names are of [A-Za-z0-9_-],
 * so that nothing has to be quoted. */
#include "common/text.h"
#include "control/report.h"
#include <inttypes.h>

static void print_quantiles(const struct histogram *histogram, FILE *out)
{
	static const double wanted[] = {0.5, 0.9, 0.99};
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		if (histogram->count)
			fprintf(out, ",%.0f", histogram_quantile(histogram, wanted[i]));
		else
			fprintf(out, ",");
}

static void print_row(const struct aggregate *row, FILE *out)
{
	char start[TEXT_MAX];
	const int64_t counts[] = {row->invocations, counts_of(&row->outcomes, "ok"), row->sampled,
		row->paired, counts_sum(&row->losses), row->pending, row->compared, row->match,
		row->mismatch};
	fprintf(out, "%s,%s,%s,%s,%s", text_format_time(row->window_start_us, start),
		row->test ? row->test : "", row->variant, role_name(row->role),
		row->is_provisional ? "true" : "false");
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		fprintf(out, ",%" PRId64, counts[i]);
	print_quantiles(&row->model_latency, out);
	print_quantiles(&row->latency_difference, out);
	fprintf(out, "\r\n");
}

void report_print_csv(const struct report_fold *fold, FILE *out)
{
	fprintf(out,
		"window_start,test,variant,role,provisional,invocations,ok,sampled,paired,losses,"
		"pending,compared,match,mismatch,model_latency_p50_us,model_latency_p90_us,"
		"model_latency_p99_us,latency_difference_p50_us,latency_difference_p90_us,"
		"latency_difference_p99_us\r\n");
	for (size_t i = 0; i < report_rows(fold); i++)
		print_row(report_row(fold, i), out);
}
