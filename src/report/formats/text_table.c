#include "text_table.h"

#include <string.h>

#include "inspect/session.h"
#include "report/model/model.h"
#include "report/model/words.h"
#include "report/wording/headline.h"
#include "report/wording/library_function.h"
#include "report/wording/quantity.h"
#include "shared/text.h"
#include "text_layout.h"
#include "text_style.h"

#define GAP	    2
#define WIDEST_TEXT 60 /* of a place or of what was called, where the width is unlimited */
#define LEAST_TEXT  10
#define WIDE_ENOUGH 100 /* columns from which on severities are words and not letters */

enum column { SEVERITY, PLACE, WHAT, TIMES, TOTAL, LONGEST, COLUMNS };

static const char *const titles[COLUMNS] = { "", "where", "what", "times", "total", "longest" };

struct table {
	const struct report *report;
	const struct text_style *style;
	const char *(*cells)[COLUMNS];
	size_t count, widths[COLUMNS];
};

static const char *what_of(struct session *session, const struct finding *finding)
{
	const char *function = finding->call ? library_function(session, finding) : NULL;

	if (finding->kind == KIND_LONG_TURN)
		return stall_word(finding->stall)
			       ? strings_print(&session->strings, "long turn, %s",
					       stall_word(finding->stall))
			       : "long turn";
	if (function)
		return function;
	return finding->call ? finding->call : kind_of(finding->kind)->word;
}

static const char *duration_of(struct session *session, uint64_t ns)
{
	char text[QUANTITY_SIZE];

	return ns ? strings_keep(&session->strings, quantity_duration(text, ns)) : "-";
}

static void fill_row(struct table *table, const struct finding *finding, const char **cells)
{
	struct session *session = table->report->session;
	uint64_t longest =
		finding->max_ns > finding->progress_ns ? finding->max_ns : finding->progress_ns;
	uint64_t total = finding->total_ns > longest ? finding->total_ns : longest;
	const char *place = headline_place(session, finding);
	char text[QUANTITY_SIZE];

	cells[SEVERITY] = severity_word(finding->severity);
	cells[PLACE] = place ? place : "-";
	cells[WHAT] = what_of(session, finding);
	cells[TIMES] = strings_keep(&session->strings, quantity_count(text, finding->count));
	cells[TOTAL] = duration_of(session, total);
	cells[LONGEST] = duration_of(session, longest);
}

static size_t columns_of(const char *text)
{
	return text_columns(text, strlen(text));
}

/* "function (long/path/name.py:12)" without the function, then without the directories. */
static const char *shorter_place(struct session *session, const char *place, size_t room)
{
	const char *path = strrchr(place, '('), *name;

	if (columns_of(place) <= room || !path)
		return place;
	name = strings_print(&session->strings, "%.*s(%s", (int)(path - place), place,
			     path_name(path + 1));
	if (columns_of(name) <= room)
		return name;
	return strings_keep_part(&session->strings, path_name(path + 1),
				 strcspn(path_name(path + 1), ")"));
}

static const char *cell_shortened(struct session *session, const char *text, size_t room)
{
	if (columns_of(text) <= room)
		return text;
	return strings_print(&session->strings, "%.*s..",
			     (int)text_fitting(text, strlen(text), room - 2), text);
}

static void table_measure_column(struct table *table, enum column column)
{
	table->widths[column] = strlen(titles[column]);
	for (size_t i = 0; i < table->count; i++) {
		size_t width = columns_of(table->cells[i][column]);

		if (width > table->widths[column])
			table->widths[column] = width;
	}
}

static void shorten_places(struct table *table, size_t room)
{
	struct session *session = table->report->session;

	for (size_t i = 0; i < table->count; i++)
		table->cells[i][PLACE] = cell_shortened(
			session, shorter_place(session, table->cells[i][PLACE], room), room);
	table_measure_column(table, PLACE);
}

/* The two columns of text share what the numbers leave. */
static void table_fit(struct table *table)
{
	size_t width = table->style->width, used = 0, room, half, what, *widths = table->widths;

	for (enum column column = 0; column < COLUMNS; column++) {
		table_measure_column(table, column);
		if (column != PLACE && column != WHAT)
			used += widths[column];
	}
	used += GAP * (COLUMNS - 1);
	room = !width ? 2 * WIDEST_TEXT : width > used ? width - used : 0;
	if (room < 2 * LEAST_TEXT)
		room = 2 * LEAST_TEXT;
	half = room / 2;
	if (widths[PLACE] + widths[WHAT] <= room)
		return;
	what = widths[WHAT];
	if (widths[PLACE] > half)
		shorten_places(table, what < half ? room - what : room - half);
	widths[WHAT] = what < room - widths[PLACE] ? what : room - widths[PLACE];
}

static void table_print_text(const char *text, size_t width, FILE *out)
{
	size_t columns = columns_of(text);

	fprintf(out, "%s%*s", text, (int)(GAP + (width > columns ? width - columns : 0)), "");
}

static void print_row(const struct table *table, const char *const *cells, const char *colour,
		      FILE *out)
{
	struct session *session = table->report->session;
	const size_t *widths = table->widths;

	fputs(colour, out);
	table_print_text(cells[SEVERITY], widths[SEVERITY], out);
	fputs(*colour ? table->style->plain : "", out);
	table_print_text(cells[PLACE], widths[PLACE], out);
	table_print_text(cell_shortened(session, cells[WHAT], widths[WHAT]), widths[WHAT], out);
	fprintf(out, "%*s  %*s  %*s\n", (int)widths[TIMES], cells[TIMES], (int)widths[TOTAL],
		cells[TOTAL], (int)widths[LONGEST], cells[LONGEST]);
}

void text_table_print(const struct report *report, const struct finding *const *findings,
		      size_t count, const struct text_style *style, FILE *out)
{
	struct table table = { report, style, NULL, count, { 0 } };

	table.cells = memory_get((count + 1) * sizeof *table.cells);
	for (size_t i = 0; i < count; i++) {
		fill_row(&table, findings[i], table.cells[i]);
		if (style->width && style->width < WIDE_ENOUGH)
			table.cells[i][SEVERITY] = strings_keep_part(&report->session->strings,
								     table.cells[i][SEVERITY], 1);
	}
	table_fit(&table);
	print_row(&table, titles, "", out);
	for (size_t i = 0; i < count; i++)
		print_row(&table, table.cells[i], style->severity[findings[i]->severity], out);
	fputc('\n', out);
	free(table.cells);
}
