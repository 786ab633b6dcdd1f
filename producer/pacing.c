#include "producer/pacing.h"

void pacing_init(struct pacing *pacing, double rate)
{
	*pacing = (struct pacing){.rate = rate, .start_us = -1};
}

int64_t pacing_next(struct pacing *pacing, int64_t now_us)
{
	if (pacing->start_us < 0)
		pacing->start_us = now_us;
	if (pacing->rate <= 0)
		return now_us;
	/* From the start each time: no error adds up. */
	return pacing->start_us + (int64_t)((double)pacing->n * 1e6 / pacing->rate);
}

void pacing_sent(struct pacing *pacing)
{
	pacing->n++;
}
