/*
 * Merges a report into the JUnit XML file of the test runner: findings that fail the run fail the
 * test in which they were seen. All else in the file stays byte for byte.
 */
#ifndef REPORT_JUNIT_MERGE_H
#define REPORT_JUNIT_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct junit_counts;
struct junit_merge;
struct report;

/* Reads the file that the report's options name. NULL: none, or not readable, which is reported. */
struct junit_merge *junit_merge_create(const struct report *report);
void junit_merge_destroy(struct junit_merge *merge);

/* Whether the finding with this index fails a test of the file. NULL: none does. */
bool junit_merge_has(const struct junit_merge *merge, size_t finding);

/* The file with these failures, and with our suites, which have so many cases. */
void junit_merge_print(const struct junit_merge *merge, const char *suites,
		       const struct junit_counts *counts, FILE *out);

#endif
