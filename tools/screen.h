/* A text report on a terminal: as wide as that, and through a pager when it is longer. */
#ifndef TOOLS_SCREEN_H
#define TOOLS_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

#include "report_settings.h"

struct screen {
	FILE *out;   /* the terminal; NULL: the text goes straight to its stream */
	FILE *draft; /* in memory that child processes share */
	size_t columns, rows;
};

/*
 * Adapts the settings to `out`, which is where the report goes: width, colours, number of lines.
 * Returns the stream to write to.
 */
FILE *screen_begin(struct screen *screen, struct report_settings *settings, FILE *out);

/* Prints what was written, through $PAGER if it does not fit on the screen. Returns 0 or -errno. */
int screen_end(struct screen *screen);

/* A blank line and a rule, between a program's output and the report about it. */
void screen_rule(const struct report_settings *settings, FILE *out);

#endif
