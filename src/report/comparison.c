#include "comparison.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "report/formats/text_layout.h"
#include "report/wording/quantity.h"
#include "report/model/version.h"
#include "report/model/words.h"

#define LEAST_DIFFERENCE_NS 1000000

static const char *const words[CHANGES] = { "new", "worse", "better", "gone", "unchanged" };

/* A finding before and after; either may be NULL. Borrowed from the documents. */
struct pair {
	json_t *before, *after;
	enum change change;
};

struct comparison {
	const struct report_options *options;
	json_t *before, *after; /* documents */
	struct pair *pairs;
	size_t count;
	struct comparison_summary *summary;
};

static enum severity severity_of(json_t *finding)
{
	const char *word = json_string_value(json_object_get(finding, "severity"));
	enum severity severity = SEVERITY_NONE;

	if (word)
		severity_from_word(word, &severity);
	return severity;
}

static uint64_t finding_number(json_t *finding, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(finding, name));
}

static const char *finding_text(json_t *finding, const char *name)
{
	const char *text = json_string_value(json_object_get(finding, name));

	return text ? text : "";
}

static json_t *comparison_refuse(const char *path, const char *problem, char *sentence)
{
	snprintf(sentence, COMPARISON_SENTENCE_SIZE, "%s %s", path, problem);
	return NULL;
}

static json_t *findings_of(json_t *document)
{
	return json_object_get(document, "findings");
}

/* An existing report. */
static json_t *load_document(const char *path, char *sentence)
{
	json_error_t error;
	json_t *document = json_load_file(path, 0, &error);

	if (!document)
		snprintf(sentence, COMPARISON_SENTENCE_SIZE, "%s:%d: it is no JSON: %s", path,
			 error.line, error.text);
	else if (strcmp(finding_text(document, "schema"), "yieldsan-report/1") != 0 ||
		 !json_is_array(findings_of(document))) {
		comparison_refuse(
			path,
			"is no report of this version: `yieldsan report --format=json' makes one",
			sentence);
		json_decref(document);
		document = NULL;
	}
	return document;
}

/* A trace or a directory of traces. */
static json_t *make_document(const struct report_options *options, char *path, char *sentence)
{
	struct report_options wanted = *options;
	struct report_summary summary = { 0 };
	json_t *document = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int error;

	wanted.format = "json";
	wanted.show = SEVERITY_NOTICE;
	wanted.write_baseline = NULL;
	wanted.report_nameless = true; /* otherwise findings without names would not match */
	error = out ? report_make(&wanted, &path, 1, out, &summary) : -errno;
	if (out)
		fclose(out);
	if (error)
		comparison_refuse(path, strerror(-error), sentence);
	else if (!summary.processes && !summary.unreadable)
		comparison_refuse(path, "has no trace in it (*" TRACE_SUFFIX ")", sentence);
	else if (!summary.unreadable) /* already reported */
		document = json_loadb(text, size, 0, NULL);
	free(text);
	return document;
}

static bool is_document(const char *path)
{
	FILE *file = fopen(path, "re");
	int first = EOF;

	if (file) {
		do
			first = fgetc(file);
		while (first == ' ' || first == '\n' || first == '\r' || first == '\t');
		fclose(file);
	}
	return first == '{';
}

static json_t *comparison_load(const struct report_options *options, char *path, char *sentence)
{
	return is_document(path) ? load_document(path, sentence)
				 : make_document(options, path, sentence);
}

static enum change change_of(json_t *before, json_t *after)
{
	uint64_t then = finding_number(before, "total_ns"), now = finding_number(after, "total_ns");

	if (!before)
		return CHANGE_NEW;
	if (!after)
		return CHANGE_GONE;
	if (severity_of(after) != severity_of(before))
		return severity_of(after) > severity_of(before) ? CHANGE_WORSE : CHANGE_BETTER;
	if (now / 2 >= then && now - then >= LEAST_DIFFERENCE_NS)
		return CHANGE_WORSE;
	if (then / 2 >= now && then - now >= LEAST_DIFFERENCE_NS)
		return CHANGE_BETTER;
	return CHANGE_NONE;
}

static void comparison_add(struct comparison *comparison, json_t *before, json_t *after)
{
	enum severity then = severity_of(before), now = severity_of(after);
	enum severity fail_on = comparison->options->fail_on;
	struct pair pair = { before, after, change_of(before, after) };

	if (then < comparison->options->show && now < comparison->options->show)
		return;
	comparison->pairs[comparison->count++] = pair;
	comparison->summary->findings[pair.change]++;
	comparison->summary->failed |= now >= fail_on && then < fail_on;
}

static json_t *by_id(json_t *findings)
{
	json_t *index = json_object(), *finding, *id;
	size_t i, j;

	json_array_foreach (findings, i, finding)
		json_array_foreach (json_object_get(finding, "also"), j, id)
			json_object_set(index, json_string_value(id), finding);
	json_array_foreach (findings, i, finding)
		json_object_set(index, finding_text(finding, "id"), finding);
	return index;
}

/* Compares its own id and those of its parts: which part is the worst may change from
 * run to run; and those of other places of a long turn: see struct finding. */
static json_t *same_in(const json_t *index, json_t *finding)
{
	json_t *found = json_object_get(index, finding_text(finding, "id")), *id;
	size_t i;

	json_array_foreach (json_object_get(finding, "also"), i, id)
		if (!found)
			found = json_object_get(index, json_string_value(id));
	json_array_foreach (json_object_get(finding, "path_ids"), i, id)
		if (!found)
			found = json_object_get(index, json_string_value(id));
	return found;
}

static void pair_up(struct comparison *comparison)
{
	json_t *before = findings_of(comparison->before), *after = findings_of(comparison->after);
	json_t *known = by_id(before), *found = by_id(after);

	comparison->pairs = memory_get((json_array_size(before) + json_array_size(after) + 1) *
				       sizeof(struct pair));
	for (size_t i = 0; i < json_array_size(after); i++) {
		json_t *finding = json_array_get(after, i);

		comparison_add(comparison, same_in(known, finding), finding);
	}
	for (size_t i = 0; i < json_array_size(before); i++) {
		json_t *finding = json_array_get(before, i);

		if (!same_in(found, finding))
			comparison_add(comparison, finding, NULL);
	}
	json_decref(known);
	json_decref(found);
}

static json_t *pair_json(const struct pair *pair)
{
	if (!pair->before || !pair->after)
		return json_incref(pair->before ? pair->before : pair->after);
	return json_pack("{sOsO}", "before", pair->before, "after", pair->after);
}

static int write_json(const struct comparison *comparison, FILE *out)
{
	json_t *root = json_pack("{sss{ssss}}", "schema", "yieldsan-comparison/1", "tool", "name",
				 "yieldsan", "version", YIELDSAN_VERSION);
	json_t *summary = json_object();
	int failed;

	for (int change = 0; change < CHANGES; change++) {
		json_t *list = json_array();

		for (size_t i = 0; i < comparison->count; i++)
			if (comparison->pairs[i].change == (enum change)change)
				json_array_append_new(list, pair_json(&comparison->pairs[i]));
		json_object_set_new(summary, words[change],
				    json_integer((json_int_t)json_array_size(list)));
		if (change == CHANGE_NONE)
			json_decref(list);
		else
			json_object_set_new(root, words[change], list);
	}
	json_object_set_new(root, "summary", summary);
	failed = json_dumpf(root, out, JSON_INDENT(2)) || fputc('\n', out) == EOF;
	json_decref(root);
	return failed ? -(errno ? errno : EIO) : 0;
}

static void print_cost(json_t *finding, FILE *out)
{
	char times[64], total[QUANTITY_SIZE];

	fprintf(out, "%s, %s, %s in total", severity_word(severity_of(finding)),
		quantity_of(times, finding_number(finding, "count"), "time"),
		quantity_duration(total, finding_number(finding, "total_ns")));
}

static void print_pair(const struct pair *pair, FILE *out)
{
	static const char *const heads[CHANGES] = { "NEW", "WORSE", "BETTER", "GONE", "" };
	json_t *finding = pair->after ? pair->after : pair->before;

	fprintf(out, "%-7s " TEXT_HANG "%s\n", heads[pair->change],
		finding_text(finding, "message"));
	fputs(pair->before ? "  before: " : "  now: ", out);
	print_cost(pair->before ? pair->before : pair->after, out);
	if (pair->before && pair->after) {
		fputs("; now: ", out);
		print_cost(pair->after, out);
	}
	fprintf(out, "\n  id: %s\n\n", finding_text(finding, "id"));
}

static void print_changes(const struct comparison *comparison, FILE *out)
{
	for (int change = 0; change < CHANGE_NONE; change++)
		for (size_t i = 0; i < comparison->count; i++)
			if (comparison->pairs[i].change == (enum change)change)
				print_pair(&comparison->pairs[i], out);
	fputs("yieldsan: ", out);
	for (int change = 0; change < CHANGES; change++)
		fprintf(out, "%s%zu %s", change ? ", " : "", comparison->summary->findings[change],
			words[change]);
	fputc('\n', out);
}

/* As wide as the terminal. */
static int write_text(const struct comparison *comparison, FILE *out)
{
	char *text;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		memory_exhausted();
	print_changes(comparison, memory);
	if (fclose(memory))
		memory_exhausted();
	text_wrap(text, size, comparison->options->width, out);
	free(text);
	return 0;
}

int report_compare(const struct report_options *options, char *before, char *after, FILE *out,
		   struct comparison_summary *summary, char sentence[COMPARISON_SENTENCE_SIZE])
{
	struct comparison comparison = { .options = options, .summary = summary };
	int error = -EINVAL;

	memset(summary, 0, sizeof *summary);
	comparison.before = comparison_load(options, before, sentence);
	if (comparison.before)
		comparison.after = comparison_load(options, after, sentence);
	if (comparison.after) {
		pair_up(&comparison);
		error = options->format && !strcmp(options->format, "json")
				? write_json(&comparison, out)
				: write_text(&comparison, out);
	}
	free(comparison.pairs);
	json_decref(comparison.before);
	json_decref(comparison.after);
	return error;
}
