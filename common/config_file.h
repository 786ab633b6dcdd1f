/* Files in libconfig's language, as all of Umbra reads them: the programs' settings and the
 * definitions that are applied. */
#ifndef UMBRA_COMMON_CONFIG_FILE_H
#define UMBRA_COMMON_CONFIG_FILE_H

#include <libconfig.h>
#include <stddef.h>

/* Reads `path` into `config`, which the caller has initialised and destroys. @include is relative to
 * the folder of `path`. -1 and errstr, `file:line: message`: also for a number that libconfig would
 * cut to 32 bits because it has no L behind it. */
int config_file_read(config_t *config, const char *path, char *errstr, size_t errstr_size)
	__attribute__((warn_unused_result));

/* Where `setting` stands, for messages: "file:line", the file being an included one or `path` itself.
 * Returns `buffer`. */
char *config_file_place(
	const config_setting_t *setting, const char *path, char *buffer, size_t buffer_size);

#endif
