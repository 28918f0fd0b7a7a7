#include "rows.h"

#include <stdlib.h>
#include <string.h>

size_t top_row_count(const struct top_screen *screen, const struct top_data *data)
{
	switch (screen->view) {
	case VIEW_TASKS:
		return data->task_count;
	case VIEW_THREADS:
		return data->thread_count;
	default:
		return data->finding_count;
	}
}

bool top_lists_findings(const struct top_screen *screen)
{
	return screen->view == VIEW_OVERVIEW || screen->view == VIEW_FINDINGS;
}

char *top_text_of(void (*print)(const void *what, FILE *out), const void *what)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return strdup("");
	print(what, out);
	fclose(out);
	return text;
}
