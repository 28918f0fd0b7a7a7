#include "run_layouts.h"

#include <stdio.h>
#include <string.h>

#include "contract/layout.h"
#include "async_layouts/layout_cache.h"
#include "support/progress.h"
#include "program.h"
#include "shared/options.h"
#include "task_tables.h"

bool run_layouts_name(struct options *options)
{
	char directory[PATH_MAX];

	/* If the user names another directory, the user fills it. */
	if (!layout_cache_directory(directory) ||
	    (*options->layouts && strcmp(options->layouts, directory) != 0))
		return false;
	snprintf(options->layouts, sizeof options->layouts, "%s", directory);
	return true;
}

void run_layouts_read(const struct program *program)
{
	char sentence[LAYOUT_SENTENCE_SIZE];
	struct task_tables tables;
	struct layout layout;

	/* For all other programs, do not even open their debug information. */
	if (task_tables_read(&tables, program->watched) ||
	    (!tables.by_shape && !tables.by_symbol && !tables.named && !tables.async_task))
		return;
	progress_on(stderr);
	/* The report says why there is none. */
	if (!layout_open(&layout, program->watched, NULL, sentence))
		layout_close(&layout);
	progress_on(NULL);
}
