/* Which requests are copied: a pure function of the key, the test and its percentage, the same in
 * every process and after every restart. A smaller percentage's sample lies in a larger one's. */
#ifndef UMBRA_COMMON_SAMPLING_H
#define UMBRA_COMMON_SAMPLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SAMPLING_ALWAYS = 1000000 }; /* k of 100 %: percentage times 10^4 */

/* XXH3_64bits("sample/" name "/" creation generation in decimal). */
uint64_t sampling_seed(const char *test, int64_t created_generation);

/* XXH3_64bits_withSeed(key, seed). */
uint64_t sampling_hash(const void *key, size_t size, uint64_t seed);

/* hash < floor(k * 2^64 / 10^6), in 128 bits; k from 0 to SAMPLING_ALWAYS, which takes every hash. */
bool sampling_takes(uint64_t hash, uint32_t k);

/* Is it in that share of the sample, too? hash < floor(k * share * 2^64 / 10^12), in 128 bits; both
 * from 0 to SAMPLING_ALWAYS. Whatever it takes, sampling_takes() takes. */
bool sampling_takes_share(uint64_t hash, uint32_t k, uint32_t share);

/* XXH3 of the routing key, seeded with the endpoint's name, mapped onto [0, total). */
uint64_t routing_point(const char *endpoint, const void *key, size_t size, uint64_t total);

#endif
