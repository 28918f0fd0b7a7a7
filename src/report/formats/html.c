/*
 * --format=html: one file that shows a report in a browser, from file:// too. The page, its style
 * and its script are separate files in report/html/; the data is the JSON report, in a block that
 * browsers do not execute. A Content-Security-Policy allows only this script and style, by their
 * hashes, and nothing from outside.
 *
 * The data adds to the JSON report:
 *	frames		all frames once; stacks and awaits contain indices into it
 *	sources		source lines of places: {"file", "line", "first", "lines": [...]}
 *	timelines	of processes with the option `timeline`
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "html_files.h"
#include "json_report.h"
#include "report/frames/source_text.h"
#include "report/model/model.h"

#define LINES_AROUND 3	  /* source lines before and after the marked one */
#define MOST_SOURCES 2000 /* places shown with their source */
#define LONGEST_LINE 400  /* bytes shown of a source line */

/* A report's frames, each once: thousands of stacks share most frames. */
struct frame_table {
	json_t *frames;
	json_t *numbers; /* by the text of a frame */
};

static json_int_t frame_number(struct frame_table *table, json_t *frame)
{
	char *text = json_dumps(frame, JSON_COMPACT | JSON_SORT_KEYS);
	json_t *known = text ? json_object_get(table->numbers, text) : NULL;
	json_int_t number;

	if (known) {
		number = json_integer_value(known);
	} else {
		number = (json_int_t)json_array_size(table->frames);
		json_array_append(table->frames, frame);
		if (text)
			json_object_set_new(table->numbers, text, json_integer(number));
	}
	free(text);
	return number;
}

static void number_frames(struct frame_table *table, json_t *object, const char *name)
{
	json_t *frames = json_object_get(object, name), *numbers, *frame;
	size_t i;

	if (!json_is_array(frames))
		return;
	numbers = json_array();
	json_array_foreach (frames, i, frame)
		json_array_append_new(numbers, json_integer(frame_number(table, frame)));
	json_object_set_new(object, name, numbers);
}

static void number_all_frames(struct frame_table *table, json_t *root)
{
	json_t *item, *part;
	size_t i, j;

	json_array_foreach (json_object_get(root, "findings"), i, item) {
		json_array_foreach (json_object_get(item, "stacks"), j, part)
			number_frames(table, part, "frames");
		number_frames(table, json_object_get(item, "task"), "awaits");
	}
	json_array_foreach (json_object_get(root, "processes"), i, item)
		json_array_foreach (json_object_get(item, "tasks"), j, part)
			number_frames(table, part, "awaits");
}

static json_t *html_source(const struct report *report, const char *file, int line)
{
	int first = line > LINES_AROUND ? line - LINES_AROUND : 1;
	json_t *lines, *object;

	if (!source_text_line(report->session, file, line, &(size_t){ 0 }))
		return NULL;
	lines = json_array();
	for (int i = first; i <= line + LINES_AROUND; i++) {
		size_t length;
		const char *text = source_text_line(report->session, file, i, &length);
		json_t *shown;

		if (!text)
			break;
		if (length > LONGEST_LINE)
			length = LONGEST_LINE;
		/* NULL if it is not UTF-8, or is cut within a character. */
		shown = json_stringn(text, length);
		json_array_append_new(lines, shown ? shown : json_string("(not UTF-8)"));
	}
	object = json_object();
	json_object_set_new(object, "file", json_string(file));
	json_object_set_new(object, "line", json_integer(line));
	json_object_set_new(object, "first", json_integer(first));
	json_object_set_new(object, "lines", lines);
	return object;
}

/* Only for the program's own frames. */
static json_t *sources_of(const struct report *report, const json_t *frames)
{
	json_t *sources = json_object(), *frame;
	size_t i;

	json_array_foreach (frames, i, frame) {
		const char *file = json_string_value(json_object_get(frame, "file"));
		int line = (int)json_integer_value(json_object_get(frame, "line"));
		char key[32];
		json_t *source;

		if (!file || !line || !json_is_true(json_object_get(frame, "user")))
			continue;
		if (json_object_size(sources) >= MOST_SOURCES)
			break;
		source = html_source(report, file, line);
		snprintf(key, sizeof key, "%zu", i);
		if (source)
			json_object_set_new(sources, key, source);
	}
	return sources;
}

/* Turns as [start, length, name], in whole microseconds and ns. */
static json_t *timelines_of(const struct report *report)
{
	json_t *timelines = json_array();

	for (const struct process *process = report->processes; process; process = process->next)
		for (size_t i = 0; i < process->timeline_count; i++) {
			const struct timeline *timeline = &process->timelines[i];
			json_t *turns = json_array();

			for (size_t j = 0; j < timeline->turn_count; j++) {
				const struct timeline_turn *turn = &timeline->turns[j];

				json_array_append_new(
					turns,
					json_pack("[IIs]", (json_int_t)(turn->start_ns / 1000),
						  (json_int_t)turn->ns,
						  turn->task ? turn->task : turn->executor));
			}
			json_array_append_new(timelines,
					      json_pack("{sI sI ss so}", "pid",
							(json_int_t)process->pid, "tid",
							(json_int_t)timeline->tid, "thread",
							timeline->thread, "turns", turns));
		}
	return timelines;
}

/* JSON within a script element: only `<` could end it or begin a comment. U+2028 and U+2029 stay,
 * as no script parses them as code. */
static int print_data(const json_t *root, FILE *out)
{
	char *text = json_dumps(root, JSON_COMPACT);

	if (!text)
		return -ENOMEM;
	for (const char *at = text; *at; at++)
		if (*at == '<')
			fputs("\\u003c", out);
		else
			fputc(*at, out);
	free(text);
	return 0;
}

/* Prints the page and replaces each mark by its content. */
static int print_page(const json_t *data, FILE *out)
{
	const char *at = html_page, *mark;
	int error = 0;

	for (; !error && (mark = strstr(at, "{{")); at = strstr(mark, "}}") + 2) {
		fwrite(at, 1, (size_t)(mark - at), out);
		if (!strncmp(mark, "{{style}}", 9))
			fputs(html_style, out);
		else if (!strncmp(mark, "{{script}}", 10))
			fputs(html_script, out);
		else if (!strncmp(mark, "{{style-hash}}", 14))
			fputs(HTML_STYLE_HASH, out);
		else if (!strncmp(mark, "{{script-hash}}", 15))
			fputs(HTML_SCRIPT_HASH, out);
		else
			error = print_data(data, out);
	}
	fputs(at, out);
	return error;
}

int format_html(const struct report *report, FILE *out)
{
	struct frame_table table = { .frames = json_array(), .numbers = json_object() };
	json_t *root = json_report(report);
	int error;

	number_all_frames(&table, root);
	json_object_set_new(root, "sources", sources_of(report, table.frames));
	json_object_set_new(root, "frames", table.frames);
	json_object_set_new(root, "timelines", timelines_of(report));
	json_decref(table.numbers);
	error = print_page(root, out);
	json_decref(root);
	if (!error && ferror(out))
		error = errno ? -errno : -EIO;
	return error;
}
