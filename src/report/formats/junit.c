/*
 * --format=junit: for viewers of test results (Jenkins, GitLab, ...). One suite per process and one
 * test case per executor, which fails if a finding fails the run; for a scan, one case per file.
 * Viewers show one failure per case, so its text contains all of them. Names contain no pids,
 * because viewers compare results of one name between runs.
 */
#include <errno.h>
#include <string.h>

#include "format.h"
#include "report/model/model.h"
#include "text.h"
#include "report/model/words.h"

#define MAX_WHOLE 50 /* findings per case that are printed with their stacks */

/* Interned strings are UTF-8 without control characters; text composed here
 * may contain newlines. */
static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\xef': /* XML forbids U+FFFE and U+FFFF */
			if (!strncmp(text, "\xef\xbf\xbe", 3) ||
			    !strncmp(text, "\xef\xbf\xbf", 3)) {
				fputs("\xef\xbf\xbd", out);
				text += 2;
				break;
			}
			/* fall through */
		default:
			fputc(*text, out);
		}
	}
}

static void print_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	print_escaped(out, value);
	fputc('"', out);
}

/* One executor of one process, or one file. */
struct test_case {
	const char *name;
	const struct finding **findings; /* findings that are shown, worst first */
	size_t count, failures;
};

static bool fails(const struct report *report, const struct finding *finding)
{
	return finding->severity >= report->options->fail_on && !report->options->write_baseline;
}

static bool is_of(const struct finding *finding, const struct process *process,
		  const char *executor)
{
	if (strcmp(finding->executor, executor) != 0)
		return false;
	for (size_t i = 0; i < finding->share_count; i++)
		if (finding->shares[i].process == process)
			return true;
	return false;
}

static bool is_of_file(const struct finding *finding, const char *path)
{
	const struct stack *stack = &finding->stacks[0].native;

	return stack->count && stack->frames[0].module && !strcmp(stack->frames[0].module, path);
}

/* Without a process: for the scanned file of that name. */
static struct test_case collect_case(const struct report *report, const struct process *process,
				     const char *name)
{
	struct test_case made = { .name = name };

	made.findings = memory_get((report->finding_count + 1) * sizeof *made.findings);
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *finding = report->findings[i];

		if ((finding->severity < report->options->show && !fails(report, finding)) ||
		    !(process ? is_of(finding, process, name) : is_of_file(finding, name)))
			continue;
		made.findings[made.count++] = finding;
		made.failures += fails(report, finding);
	}
	return made;
}

/* Prints the findings that fail the run, or the others. */
static void print_findings(const struct report *report, const struct test_case *of, bool failing,
			   FILE *out)
{
	size_t size, shown = 0, wanted = failing ? of->failures : of->count - of->failures;
	char *text;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		memory_exhausted();
	for (size_t i = 0; i < of->count && shown < MAX_WHOLE; i++)
		if (fails(report, of->findings[i]) == failing) {
			text_print_finding(report, of->findings[i], memory);
			shown++;
		}
	if (shown < wanted)
		fprintf(memory, "and %zu more (--format=json lists all)\n", wanted - shown);
	if (fclose(memory))
		memory_exhausted();
	print_escaped(out, text);
	free(text);
}

static void print_failure(const struct report *report, const struct test_case *of, FILE *out)
{
	char *message;

	if (asprintf(&message, of->failures > 1 ? "%zu findings; %s" : "%zu finding: %s",
		     of->failures, of->findings[0]->message) < 0)
		memory_exhausted();
	fputs("      <failure", out);
	print_attribute(out, "type", kind_of(of->findings[0]->kind)->word);
	print_attribute(out, "message", message);
	fputs(">\n", out);
	print_findings(report, of, true, out);
	fputs("</failure>\n", out);
	free(message);
}

static void print_case(const struct report *report, const struct test_case *of, const char *suite,
		       FILE *out)
{
	fputs("    <testcase", out);
	print_attribute(out, "classname", suite);
	print_attribute(out, "name", of->name);
	fputs(">\n", out);
	if (of->failures)
		print_failure(report, of, out);
	if (of->count > of->failures) {
		fputs("      <system-out>\n", out);
		print_findings(report, of, false, out);
		fputs("</system-out>\n", out);
	}
	fputs("    </testcase>\n", out);
}

/* A check that watched nothing must not look as if it had passed. */
static void print_unwatched(const char *suite, FILE *out)
{
	fputs("    <testcase", out);
	print_attribute(out, "classname", suite);
	print_attribute(out, "name", "no executor");
	fputs(">\n      <skipped message=\"no executor ran a turn: nothing was watched\"/>\n"
	      "    </testcase>\n",
	      out);
}

static void print_property(FILE *out, const char *name, const char *value)
{
	fputs("      <property", out);
	print_attribute(out, "name", name);
	print_attribute(out, "value", value);
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

/* Removes the hash that cargo appends to the name of a test binary: it changes with each version of
 * a dependency. */
static const char *lasting_name(const struct report *report, const struct process *process)
{
	const char *name = process->executable ? path_name(process->executable) : "unknown";
	const char *dash = strrchr(name, '-');

	if (!dash || dash == name || strlen(dash + 1) != 16 ||
	    strspn(dash + 1, "0123456789abcdef") != 16)
		return name;
	return strings_keep_part(&report->session->strings, name, (size_t)(dash - name));
}

/* "server"; "server #2" for the second process of that name. */
static const char *suite_name(const struct report *report, const struct process *process)
{
	const char *name = lasting_name(report, process);
	size_t number = 1;

	for (const struct process *other = report->processes; other != process; other = other->next)
		number += other->executable && !strcmp(lasting_name(report, other), name);
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

/* Adds the numbers of its test cases and failures. */
static void print_suite(const struct report *report, const struct process *process, FILE *out,
			size_t *tests, size_t *failures)
{
	struct test_case *cases = memory_get((process->executor_count + 1) * sizeof *cases);
	const char *name = suite_name(report, process);
	size_t count = 0, failed = 0;

	for (size_t i = 0; i < process->executor_count; i++)
		if (is_first_of_name(process, i)) {
			cases[count] = collect_case(report, process, process->executors[i].name);
			failed += cases[count++].failures > 0;
		}
	fputs("  <testsuite", out);
	print_attribute(out, "name", name);
	fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%d\">\n",
		count ? count : 1, failed, !count);
	print_properties(process, out);
	for (size_t i = 0; i < count; i++) {
		print_case(report, &cases[i], name, out);
		free(cases[i].findings);
	}
	if (!count)
		print_unwatched(name, out);
	fputs("  </testsuite>\n", out);
	free(cases);
	*tests += count ? count : 1;
	*failures += failed;
}

static void print_nothing(FILE *out)
{
	fputs("  <testsuite name=\"yieldsan\" tests=\"1\" failures=\"0\" errors=\"0\" "
	      "skipped=\"1\">\n",
	      out);
	print_unwatched("yieldsan", out);
	fputs("  </testsuite>\n", out);
}

/* Adds the same numbers as print_suite(). */
static void print_scan(const struct report *report, FILE *out, size_t *tests, size_t *failures)
{
	static const char suite[] = "yieldsan scan";
	size_t size, count = 0, failed = 0;
	char *cases;
	FILE *memory = open_memstream(&cases, &size);

	if (!memory)
		memory_exhausted();
	for (const struct scanned_file *file = report->scanned; file; file = file->next) {
		struct test_case made = collect_case(report, NULL, file->path);

		print_case(report, &made, suite, memory);
		failed += made.failures > 0;
		count++;
		free(made.findings);
	}
	if (fclose(memory))
		memory_exhausted();
	fprintf(out,
		"  <testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
		"skipped=\"0\">\n%s  </testsuite>\n",
		suite, count, failed, cases);
	free(cases);
	*tests += count;
	*failures += failed;
}

int format_junit(const struct report *report, FILE *out)
{
	size_t size, tests = 0, failures = 0;
	char *suites;
	FILE *memory = open_memstream(&suites, &size);

	if (!memory)
		return -errno;
	for (const struct process *process = report->processes; process; process = process->next)
		print_suite(report, process, memory, &tests, &failures);
	if (report->scanned) {
		print_scan(report, memory, &tests, &failures);
	} else if (!report->processes) {
		print_nothing(memory);
		tests++;
	}
	if (fclose(memory))
		memory_exhausted();
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites name=\"yieldsan\" tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n"
		"%s</testsuites>\n",
		tests, failures, suites);
	free(suites);
	return 0;
}
