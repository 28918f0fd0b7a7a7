/*
 * The project's settings: yieldsan.toml, or [tool.yieldsan] in pyproject.toml, in the current
 * directory or the nearest one above. The command line and YIELDSAN_OPTIONS win over them.
 */
#ifndef TOOLS_PROJECT_CONFIG_H
#define TOOLS_PROJECT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_OPTIONS 64

struct project_config {
	const char *path; /* NULL: there is none */
	/* Paths are absolute, or relative to the current directory; NULL: not set. */
	const char *suppressions, *baseline, *show, *fail_on;
	const char *options[CONFIG_OPTIONS]; /* of the runtime: "name=value" */
	size_t option_count;
};

/*
 * Reads the file: the named one, or the one that is found, which is not taken if another user may
 * have written it (said on standard error). An empty name: none. Returns -1 to continue, or the
 * exit status if it is wrong, with the error already printed. Lives until the end.
 */
int project_config_read(struct project_config *config, const char *named);

/* Whether the text of YIELDSAN_OPTIONS sets the option of an entry "name=value". */
bool project_config_is_overridden(const char *entry, const char *environment);

#endif
