/* Lines of a text report, wrapped to the width of a terminal. */
#ifndef REPORT_TEXT_LAYOUT_H
#define REPORT_TEXT_LAYOUT_H

#include <stddef.h>
#include <stdio.h>

/* In a line to be wrapped: its continuation lines begin at this column. Never printed. */
#define TEXT_HANG "\v"

/* Columns of a terminal that the text takes: none for colours, two for wide characters. */
size_t text_columns(const char *text, size_t size);

/* Bytes of the longest beginning of `text` that takes at most `columns`. */
size_t text_fitting(const char *text, size_t size, size_t columns);

/*
 * Writes the text with each line wrapped to `width` columns, at blanks where that is possible; 0:
 * lines stay as they are. Without TEXT_HANG, continuation lines are indented by 4 more columns than
 * their line. Returns the number of lines; with `out` NULL, only counts them.
 */
size_t text_wrap(const char *text, size_t size, size_t width, FILE *out);

/* Text that is put together before it is wrapped and printed. */
struct text_draft {
	FILE *out;
	char *text;
	size_t size;
};

void text_draft_begin(struct text_draft *draft);

/* The lines so far. */
size_t text_draft_lines(struct text_draft *draft, size_t width);

/* Ends the draft; with `out` NULL, without printing it. */
void text_draft_print(struct text_draft *draft, size_t width, FILE *out);

#endif
