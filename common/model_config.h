/* A model's configuration: its checks and its copy. The headers have a module of their own. */
#ifndef UMBRA_COMMON_MODEL_CONFIG_H
#define UMBRA_COMMON_MODEL_CONFIG_H

#include "common/model_call.h"

/* -1 and errstr: a bad URL, or a file that cannot be read. A URL with a password is not repeated. */
int model_config_check(const struct model_config *config, char *errstr, size_t errstr_size);

/* A copy with defaults filled in, without headers; model_config_clear frees its strings. */
struct model_config model_config_copy(const struct model_config *from);
void model_config_clear(struct model_config *config);

#endif
