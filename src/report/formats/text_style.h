/* How a text report looks: colours, width, how much of it. */
#ifndef REPORT_TEXT_STYLE_H
#define REPORT_TEXT_STYLE_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/trace_format.h"

struct text_style {
	const char *severity[SEVERITIES]; /* colours; empty without */
	const char *bold, *plain;
	size_t width; /* columns of the terminal; 0: unlimited */
	bool full;    /* whole stacks, native ones too */
	bool limited; /* to about a screen: leave out what helps least */
};

extern const struct text_style text_style_plain;

#endif
