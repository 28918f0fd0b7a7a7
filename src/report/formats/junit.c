/*
 * --format=junit: for viewers of test results (Jenkins, GitLab, ...). One suite per process, with a
 * test case for each finding, which fails if the finding fails the run, and is skipped if it was
 * left out, and a case that passes for each executor that was watched. For a scan, the files take
 * the place of processes and executors.
 */
#include <errno.h>
#include <string.h>

#include "format.h"
#include "junit_case.h"
#include "junit_merge.h"
#include "report/model/model.h"

struct printing {
	const struct report *report;
	const struct junit_merge *merge;
	struct junit_name *names; /* of findings, then of those left out */
};

/* Findings, and those that were left out. Without a process: those of scanned files. */
static void junit_print_findings(const struct printing *printing, const struct process *process,
				 FILE *out, struct junit_counts *counts)
{
	const struct report *report = printing->report;
	size_t count = report->finding_count + report->left_out_count;

	for (size_t i = 0; i < count; i++) {
		const struct junit_name *name = &printing->names[i];

		if (name->process == process && junit_is_shown(report, name->finding) &&
		    (name->skipped || !junit_merge_has(printing->merge, i)))
			junit_print_case(report, name, out, counts);
	}
}

static void print_property(FILE *out, const char *name, const char *value)
{
	fputs("      <property", out);
	junit_print_attribute(out, "name", name);
	junit_print_attribute(out, "value", value);
	fputs("/>\n", out);
}

static void print_properties(const struct process *process, FILE *out)
{
	char pid[32], *command;
	size_t size;
	FILE *memory = open_memstream(&command, &size);

	if (!memory)
		memory_exhausted();
	for (size_t i = 0; i < process->argument_count; i++)
		fprintf(memory, "%s%s", i ? " " : "", process->arguments[i]);
	if (fclose(memory))
		memory_exhausted();
	snprintf(pid, sizeof pid, "%lld", (long long)process->pid);
	fputs("    <properties>\n", out);
	print_property(out, "pid", pid);
	print_property(out, "command", command);
	print_property(out, "trace", process->trace_path);
	fputs("    </properties>\n", out);
	free(command);
}

/* "server"; "server #2" for the second process of that name. */
static const char *suite_name(const struct report *report, const struct process *process)
{
	const char *name = junit_program(report, process);
	size_t number = 1;

	for (const struct process *other = report->processes; other != process; other = other->next)
		number += other->executable && !strcmp(junit_program(report, other), name);
	return number == 1 ? name
			   : strings_print(&report->session->strings, "%s #%zu", name, number);
}

static bool is_first_of_name(const struct process *process, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (process->executors[j].turns &&
		    !strcmp(process->executors[j].name, process->executors[i].name))
			return false;
	return process->executors[i].turns > 0;
}

/* A check that watched nothing must not look as if it had passed. */
static void junit_print_executors(const struct process *process, const char *suite, FILE *out,
				  struct junit_counts *counts)
{
	size_t executors = 0;

	for (size_t i = 0; process && i < process->executor_count; i++)
		if (is_first_of_name(process, i)) {
			junit_print_plain_case(suite, process->executors[i].name, NULL, out,
					       counts);
			executors++;
		}
	if (!executors)
		junit_print_plain_case(suite, "no executor",
				       "no executor ran a turn: nothing was watched", out, counts);
}

static void print_suite(const char *name, const struct process *process, const char *cases,
			const struct junit_counts *counts, FILE *out)
{
	fputs("  <testsuite", out);
	junit_print_attribute(out, "name", name);
	fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n",
		counts->tests, counts->failures, counts->skipped);
	if (process)
		print_properties(process, out);
	fprintf(out, "%s  </testsuite>\n", cases);
}

/* One suite; adds its numbers to the total. */
static void junit_print_process(const struct printing *printing, const struct process *process,
				FILE *out, struct junit_counts *total)
{
	const struct report *report = printing->report;
	const char *name = process	     ? suite_name(report, process)
			   : report->scanned ? "yieldsan scan"
					     : "yieldsan";
	struct junit_counts counts = { 0 };
	size_t size;
	char *cases;
	FILE *memory = open_memstream(&cases, &size);

	if (!memory)
		memory_exhausted();
	for (const struct scanned_file *file = report->scanned; file; file = file->next)
		junit_print_plain_case(name, file->path, NULL, memory, &counts);
	if (!report->scanned)
		junit_print_executors(process, name, memory, &counts);
	if (process || report->scanned)
		junit_print_findings(printing, process, memory, &counts);
	if (fclose(memory))
		memory_exhausted();
	print_suite(name, process, cases, &counts, out);
	free(cases);
	total->tests += counts.tests;
	total->failures += counts.failures;
	total->skipped += counts.skipped;
}

int format_junit(const struct report *report, FILE *out)
{
	struct junit_merge *merge = junit_merge_create(report);
	const struct printing printing = { report, merge, junit_names(report) };
	struct junit_counts total = { 0 };
	size_t size;
	char *suites;
	FILE *memory = open_memstream(&suites, &size);

	if (!memory)
		memory_exhausted();
	for (const struct process *process = report->processes; process; process = process->next)
		junit_print_process(&printing, process, memory, &total);
	if (!report->processes)
		junit_print_process(&printing, NULL, memory, &total);
	if (fclose(memory))
		memory_exhausted();
	if (merge)
		junit_merge_print(merge, suites, &total, out);
	else
		fprintf(out,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<testsuites name=\"yieldsan\" tests=\"%zu\" failures=\"%zu\" "
			"errors=\"0\">\n%s</testsuites>\n",
			total.tests, total.failures, suites);
	junit_merge_destroy(merge);
	free(printing.names);
	free(suites);
	return 0;
}
