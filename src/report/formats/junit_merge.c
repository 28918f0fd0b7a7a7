/* Newer versions of expat have other names for positions, which older ones do not have. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#include "junit_merge.h"

#include <errno.h>
#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "junit_case.h"
#include "junit_test_name.h"
#include "report/model/model.h"

#define MOST_JUNIT_BYTES (256 << 20)
#define MOST_LEVELS	 32

/* An element of the file: offsets of its start tag and of its end tag. */
struct element {
	size_t start, start_end, end;
	bool empty;	 /* <element/>: the end is that of the start tag */
	size_t parent;	 /* index of the suite around it; SIZE_MAX: none */
	size_t failures; /* for a suite: tests below it that now fail */
};

struct test {
	struct element element;
	const char *class, *name; /* kept */
	bool failed;		  /* by the runner */
	bool fails;		  /* by a finding */
};

struct junit_merge {
	const struct report *report;
	char *text;
	size_t size;
	struct element *suites;
	size_t suite_count, suite_room;
	struct test *tests;
	size_t test_count, test_room;
	size_t *tests_of; /* findings by test: pairs (test, finding) */
	size_t pair_count, pair_room;
	bool *has; /* by finding */
	XML_Parser parser;
	size_t open[MOST_LEVELS];	/* suites around the current element */
	const char *names[MOST_LEVELS]; /* of the suites up to each of these; kept */
	size_t level;
	bool in_test;
	const char *problem;
};

static const char *element_attribute(const char **attributes, const char *name)
{
	for (; *attributes; attributes += 2)
		if (!strcmp(*attributes, name))
			return attributes[1];
	return NULL;
}

static struct element element_here(const struct junit_merge *merge)
{
	size_t at = (size_t)XML_GetCurrentByteIndex(merge->parser);
	size_t count = (size_t)XML_GetCurrentByteCount(merge->parser);

	return (struct element){
		.start = at,
		.start_end = at + count,
		.end = at + count,
		.empty = count > 1 && merge->text[at + count - 2] == '/',
		.parent = merge->level ? merge->open[merge->level - 1] : SIZE_MAX,
	};
}

/* Names of nested suites, as node:test has them: "outer > inner". The root has none, or the file's.
 */
static const char *suite_names(struct junit_merge *merge, const char *element,
			       const char **attributes)
{
	const char *outer = merge->level ? merge->names[merge->level - 1] : "";
	const char *own =
		!strcmp(element, "testsuite") ? element_attribute(attributes, "name") : NULL;

	return own ? strings_print(&merge->report->session->strings, "%s%s%s", outer,
				   *outer ? " > " : "", own)
		   : outer;
}

/* Node's own reporter writes the same class for each test. */
static const char *test_class(struct junit_merge *merge, const char **attributes)
{
	const char *class = element_attribute(attributes, "classname");

	return class && !strcmp(class, "test") && *merge->names[merge->level - 1]
		       ? merge->names[merge->level - 1]
		       : class;
}

static void start_test(struct junit_merge *merge, const char **attributes)
{
	struct strings *strings = &merge->report->session->strings;
	const char *class = test_class(merge, attributes);
	const char *name = element_attribute(attributes, "name");

	merge->tests = memory_grow(merge->tests, merge->test_count, &merge->test_room,
				   sizeof *merge->tests);
	merge->tests[merge->test_count++] = (struct test){
		.element = element_here(merge),
		.class = strings_keep(strings, class ? class : ""),
		.name = strings_keep(strings, name ? name : ""),
	};
	merge->in_test = true;
}

static void XMLCALL merge_start_element(void *data, const char *name, const char **attributes)
{
	struct junit_merge *merge = data;

	if (!strcmp(name, "testsuites") || !strcmp(name, "testsuite")) {
		if (merge->level == MOST_LEVELS) {
			merge->problem = "its suites are nested too deeply";
			XML_StopParser(merge->parser, XML_FALSE);
			return;
		}
		merge->suites = memory_grow(merge->suites, merge->suite_count, &merge->suite_room,
					    sizeof *merge->suites);
		merge->suites[merge->suite_count] = element_here(merge);
		merge->names[merge->level] = suite_names(merge, name, attributes);
		merge->open[merge->level++] = merge->suite_count++;
	} else if (!merge->level) {
		merge->problem = "it is not JUnit XML: its root is no testsuites or testsuite";
		XML_StopParser(merge->parser, XML_FALSE);
	} else if (!strcmp(name, "testcase") && !merge->in_test) {
		start_test(merge, attributes);
	} else if (merge->in_test && (!strcmp(name, "failure") || !strcmp(name, "error"))) {
		merge->tests[merge->test_count - 1].failed = true;
	}
}

static void XMLCALL merge_end_element(void *data, const char *name)
{
	struct junit_merge *merge = data;
	size_t at = (size_t)XML_GetCurrentByteIndex(merge->parser);
	struct element *element = NULL;

	if (!strcmp(name, "testsuites") || !strcmp(name, "testsuite")) {
		element = &merge->suites[merge->open[--merge->level]];
	} else if (!strcmp(name, "testcase") && merge->in_test) {
		element = &merge->tests[merge->test_count - 1].element;
		merge->in_test = false;
	}
	if (element && !element->empty)
		element->end = at;
}

/* Our texts are UTF-8, and go between the file's bytes. */
static void XMLCALL merge_declaration(void *data, const char *version, const char *encoding,
				      int alone)
{
	struct junit_merge *merge = data;

	(void)version;
	(void)alone;
	if (!encoding || !strcasecmp(encoding, "utf-8") || !strcasecmp(encoding, "us-ascii"))
		return;
	merge->problem = "it is not in UTF-8";
	XML_StopParser(merge->parser, XML_FALSE);
}

static bool merge_read_file(struct junit_merge *merge, const char *path)
{
	FILE *file = fopen(path, "re");
	size_t room = 1 << 16, got;

	if (!file) {
		merge->problem = strerror(errno);
		return false;
	}
	merge->text = memory_get(room);
	while ((got = fread(merge->text + merge->size, 1, room - merge->size, file)) > 0) {
		merge->size += got;
		if (merge->size == room && room < MOST_JUNIT_BYTES) {
			char *larger = realloc(merge->text, room *= 2);

			if (!larger)
				memory_exhausted();
			merge->text = larger;
		}
	}
	if (ferror(file))
		merge->problem = strerror(errno);
	else if (merge->size >= MOST_JUNIT_BYTES)
		merge->problem = "it is larger than 256 MiB";
	fclose(file);
	return !merge->problem;
}

static bool merge_parse(struct junit_merge *merge)
{
	merge->parser = XML_ParserCreate(NULL);
	if (!merge->parser)
		memory_exhausted();
	XML_SetUserData(merge->parser, merge);
	XML_SetElementHandler(merge->parser, merge_start_element, merge_end_element);
	XML_SetXmlDeclHandler(merge->parser, merge_declaration);
	if (XML_Parse(merge->parser, merge->text, (int)merge->size, XML_TRUE) != XML_STATUS_OK &&
	    !merge->problem)
		merge->problem =
			strings_print(&merge->report->session->strings, "line %lu: %s",
				      (unsigned long)XML_GetCurrentLineNumber(merge->parser),
				      XML_ErrorString(XML_GetErrorCode(merge->parser)));
	XML_ParserFree(merge->parser);
	return !merge->problem;
}

/* The test of the file that has this name; SIZE_MAX: none, or several. */
static size_t find_test(const struct junit_merge *merge, const char *name, const char *program)
{
	unsigned best = 0;
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < merge->test_count; i++) {
		unsigned match = junit_test_match(merge->tests[i].class, merge->tests[i].name, name,
						  program);

		if (match > best) {
			best = match;
			found = i;
		} else if (match && match == best) {
			found = SIZE_MAX;
		}
	}
	return found;
}

static void add_pair(struct junit_merge *merge, size_t test, size_t finding)
{
	for (size_t i = 0; i < merge->pair_count; i++)
		if (merge->tests_of[2 * i] == test && merge->tests_of[2 * i + 1] == finding)
			return;
	merge->tests_of = memory_grow(merge->tests_of, merge->pair_count, &merge->pair_room,
				      2 * sizeof *merge->tests_of);
	merge->tests_of[2 * merge->pair_count] = test;
	merge->tests_of[2 * merge->pair_count++ + 1] = finding;
	merge->has[finding] = true;
	if (merge->tests[test].fails)
		return;
	merge->tests[test].fails = true;
	for (size_t suite = merge->tests[test].element.parent;
	     suite != SIZE_MAX && !merge->tests[test].failed; suite = merge->suites[suite].parent)
		merge->suites[suite].failures++;
}

static void merge_match(struct junit_merge *merge)
{
	const struct report *report = merge->report;

	merge->has = memory_get((report->finding_count + 1) * sizeof *merge->has);
	memset(merge->has, 0, (report->finding_count + 1) * sizeof *merge->has);
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *finding = report->findings[i];
		const char *program = finding->share_count
					      ? junit_program(report, finding->shares[0].process)
					      : "";

		if (!junit_fails(report, finding))
			continue;
		for (size_t j = 0; j < finding->test_count; j++) {
			size_t test = find_test(merge, finding->tests[j], program);

			if (test != SIZE_MAX)
				add_pair(merge, test, i);
		}
	}
}

struct junit_merge *junit_merge_create(const struct report *report)
{
	const char *path = report->options->merge_junit;
	struct junit_merge *merge;

	if (!path)
		return NULL;
	merge = memory_get(sizeof *merge);
	*merge = (struct junit_merge){ .report = report };
	if (merge_read_file(merge, path) && merge_parse(merge)) {
		merge_match(merge);
		return merge;
	}
	fprintf(report->options->errors ? report->options->errors : stderr,
		"yieldsan: %s is not merged: %s\n", path, merge->problem);
	junit_merge_destroy(merge);
	return NULL;
}

void junit_merge_destroy(struct junit_merge *merge)
{
	if (!merge)
		return;
	free(merge->text);
	free(merge->suites);
	free(merge->tests);
	free(merge->tests_of);
	free(merge->has);
	free(merge);
}

bool junit_merge_has(const struct junit_merge *merge, size_t finding)
{
	return merge && merge->has[finding];
}

static void merge_copy(const struct junit_merge *merge, size_t from, size_t to, FILE *out)
{
	if (to > from)
		fwrite(merge->text + from, 1, to - from, out);
}

/* Where the number of an attribute begins in a start tag; 0: it has none. */
static size_t attribute_number_at(const struct junit_merge *merge, const struct element *suite,
				  const char *name)
{
	size_t length = strlen(name);

	for (size_t at = suite->start + 1; at + length + 2 < suite->start_end; at++) {
		const char *text = merge->text + at;

		if (strchr(" \t\r\n", text[-1]) && !memcmp(text, name, length) &&
		    text[length] == '=' && strchr("\"'", text[length + 1]))
			return at + length + 2;
	}
	return 0;
}

/* Copies up to a number, and the number with `more` added. Returns where the file goes on. */
static size_t add_to_number(const struct junit_merge *merge, size_t from, size_t at, size_t more,
			    FILE *out)
{
	char *end;
	size_t number;

	if (!at || !more)
		return from;
	number = strtoul(merge->text + at, &end, 10);
	merge_copy(merge, from, at, out);
	fprintf(out, "%zu", number + more);
	return (size_t)(end - merge->text);
}

/* Attributes are changed in the order in which they stand. */
static size_t print_suite_start(const struct junit_merge *merge, const struct element *suite,
				size_t from, const struct junit_counts *ours, FILE *out)
{
	size_t tests_at = attribute_number_at(merge, suite, "tests");
	size_t failures_at = attribute_number_at(merge, suite, "failures");
	size_t tests = ours ? ours->tests : 0;
	size_t failures = suite->failures + (ours ? ours->failures : 0);

	if (failures_at < tests_at) {
		from = add_to_number(merge, from, failures_at, failures, out);
		return add_to_number(merge, from, tests_at, tests, out);
	}
	from = add_to_number(merge, from, tests_at, tests, out);
	return add_to_number(merge, from, failures_at, failures, out);
}

static size_t print_test(const struct junit_merge *merge, size_t test, size_t from, FILE *out)
{
	const struct element *element = &merge->tests[test].element;
	size_t to = element->end;

	if (element->empty)
		to = element->start_end - 2;
	merge_copy(merge, from, to, out);
	fputs(element->empty ? ">\n" : "\n", out);
	for (size_t i = 0; i < merge->pair_count; i++)
		if (merge->tests_of[2 * i] == test)
			junit_print_failure(merge->report,
					    merge->report->findings[merge->tests_of[2 * i + 1]],
					    out);
	if (!element->empty)
		return to;
	fputs("    </testcase>", out);
	return element->start_end;
}

void junit_merge_print(const struct junit_merge *merge, const char *suites,
		       const struct junit_counts *counts, FILE *out)
{
	const struct element *root = &merge->suites[0];
	bool wrap = strncmp(merge->text + root->start, "<testsuites", 11) != 0;
	size_t from = 0, suite = 0, test = 0;

	merge_copy(merge, 0, root->start, out);
	from = root->start;
	if (wrap)
		fputs("<testsuites>\n", out);
	while (suite < merge->suite_count || test < merge->test_count) {
		const struct element *next =
			suite < merge->suite_count ? &merge->suites[suite] : NULL;

		if (next &&
		    (test == merge->test_count || next->start < merge->tests[test].element.start)) {
			merge_copy(merge, from, next->start, out);
			from = print_suite_start(merge, next, next->start,
						 suite || wrap ? NULL : counts, out);
			suite++;
		} else {
			if (merge->tests[test].fails)
				from = print_test(merge, test, from, out);
			test++;
		}
	}
	if (root->empty) {
		merge_copy(merge, from, root->start_end - (wrap ? 0 : 2), out);
		fprintf(out, wrap ? "\n%s</testsuites>" : ">\n%s</testsuites>", suites);
		from = root->start_end;
	} else {
		size_t stop = root->end;

		/* Behind its end tag, or before it. */
		while (wrap && stop < merge->size && merge->text[stop++] != '>')
			;
		merge_copy(merge, from, stop, out);
		fprintf(out, wrap ? "\n%s</testsuites>" : "\n%s", suites);
		from = stop;
	}
	merge_copy(merge, from, merge->size, out);
}
