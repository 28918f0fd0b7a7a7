/* The rows of a view's list. */
#ifndef TOOLS_TOP_ROWS_H
#define TOOLS_TOP_ROWS_H

#include <stdio.h>

#include "screen.h"

size_t top_row_count(const struct top_screen *screen, const struct top_data *data);

bool top_lists_findings(const struct top_screen *screen);

/* A text that a function prints into a file. To be freed. */
char *top_text_of(void (*print)(const void *what, FILE *out), const void *what);

#endif
