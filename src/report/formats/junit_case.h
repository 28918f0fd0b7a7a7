/* Elements of JUnit XML: a test case for a finding, and texts in it. */
#ifndef REPORT_JUNIT_CASE_H
#define REPORT_JUNIT_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct finding;
struct process;
struct report;

struct junit_counts {
	size_t tests, failures, skipped;
};

/* Whether the finding fails the run. */
bool junit_fails(const struct report *report, const struct finding *finding);

/* Whether it has a test case: it is shown, or fails. */
bool junit_is_shown(const struct report *report, const struct finding *finding);

void junit_print_escaped(FILE *out, const char *text);
void junit_print_attribute(FILE *out, const char *name, const char *value);

/* <failure type=.. message=..>the finding</failure>, and a newline. */
void junit_print_failure(const struct report *report, const struct finding *finding, FILE *out);

/*
 * The test case of a finding. The name contains no line, number of a process or order, because
 * viewers compare results of one name between runs.
 */
struct junit_name {
	const struct finding *finding;
	const struct process *process; /* in whose suite it is; NULL: from a scan */
	const char *class, *name;
	const char *skipped; /* why it was left out; NULL: it was not */
};

/* Of all findings, then of those left out. The caller frees the array. */
struct junit_name *junit_names(const struct report *report);

void junit_print_case(const struct report *report, const struct junit_name *name, FILE *out,
		      struct junit_counts *counts);

/* A case that passed, or was skipped for a reason. */
void junit_print_plain_case(const char *class, const char *name, const char *skipped, FILE *out,
			    struct junit_counts *counts);

/* The name of a process's program, or of the script that an interpreter runs. Without the hash that
 * cargo appends: it changes with each version of a dependency. */
const char *junit_program(const struct report *report, const struct process *process);

#endif
