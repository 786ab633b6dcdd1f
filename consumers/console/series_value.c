#include "consumers/console/series_value.h"
#include <math.h>
#include <string.h>

const char *const series_metrics[] = {"invocations", "invocations_per_instance", "errors_4xx",
	"errors_5xx", "errors_other", "model_latency", "overhead_latency", "queue", "agreement",
	"losses", "latency_difference", "cpu", "memory", "disk", NULL};

const char *const series_statistics[] = {
	"average", "min", "max", "sum", "count", "p50", "p90", "p99", "p99.9", NULL};

bool metric_is_latency(int metric)
{
	return metric == MODEL_LATENCY || metric == OVERHEAD_LATENCY || metric == QUEUE ||
		metric == LATENCY_DIFFERENCE;
}

bool metric_is_load(int metric)
{
	return metric >= CPU;
}

static double latency_value(const struct histogram *histogram, int statistic)
{
	static const double quantiles[] = {[P50] = 0.5, [P90] = 0.9, [P99] = 0.99, [P999] = 0.999};
	if (statistic == COUNT)
		return (double)histogram->count;
	if (histogram->count == 0)
		return NAN;
	switch (statistic) {
	case AVERAGE:
		return histogram_mean(histogram);
	case MIN:
		return (double)histogram->min;
	case MAX:
		return (double)histogram->max;
	case SUM:
		return (double)histogram->sum;
	default:
		return histogram_quantile(histogram, quantiles[statistic]);
	}
}

static double other_failures(const struct aggregate *sum)
{
	return (double)(counts_sum(&sum->outcomes) - counts_of(&sum->outcomes, "ok") -
		counts_of(&sum->outcomes, "client_error") -
		counts_of(&sum->outcomes, "server_error"));
}

double series_value(const struct series_question *question, const struct aggregate *sum)
{
	switch (question->metric) {
	case INVOCATIONS:
		return (double)sum->invocations;
	case INVOCATIONS_PER_INSTANCE:
		return (double)sum->invocations / (double)question->instances;
	case ERRORS_4XX:
		return (double)counts_of(&sum->outcomes, "client_error");
	case ERRORS_5XX:
		return (double)counts_of(&sum->outcomes, "server_error");
	case ERRORS_OTHER:
		return other_failures(sum);
	case AGREEMENT:
		return sum->compared ? (double)sum->match / (double)sum->compared : NAN;
	case LOSSES:
		return (double)counts_of(&sum->losses, question->reason);
	default:
		return latency_value(
			aggregate_histogram_named(sum, question->histogram), question->statistic);
	}
}
