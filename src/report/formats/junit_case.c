#include "junit_case.h"

#include <stdlib.h>
#include <string.h>

#include "report/model/model.h"
#include "report/frames/source_path.h"
#include "shared/text.h"
#include "text.h"

/* Interned strings are UTF-8 without control characters; text composed here
 * may contain newlines. */
void junit_print_escaped(FILE *out, const char *text)
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

void junit_print_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	junit_print_escaped(out, value);
	fputc('"', out);
}

bool junit_fails(const struct report *report, const struct finding *finding)
{
	return finding->severity >= report->options->fail_on && !report->options->write_baseline;
}

bool junit_is_shown(const struct report *report, const struct finding *finding)
{
	return finding->severity >= report->options->show || junit_fails(report, finding);
}

/* The script or module of an interpreter: "pytest" for `python3 -m pytest'. */
static const char *junit_script(const struct process *process, const char *name)
{
	if (strncmp(name, "python", 6) != 0 && strcmp(name, "node") != 0)
		return NULL;
	for (size_t i = 1; i < process->argument_count; i++) {
		const char *word = process->arguments[i];

		if (!strcmp(word, "-m") && i + 1 < process->argument_count)
			return process->arguments[i + 1];
		if (*word != '-')
			return path_name(word);
		/* Options whose next word is their value, or which end the search. */
		if (strlen(word) == 2 && strchr("WXrC", word[1]))
			i++;
		else if (!strcmp(word, "--import") || !strcmp(word, "--require"))
			i++;
		else if (!strcmp(word, "-c") || !strcmp(word, "-e") || !word[1])
			return NULL;
	}
	return NULL;
}

const char *junit_program(const struct report *report, const struct process *process)
{
	const char *name = process->executable ? path_name(process->executable) : "unknown";
	const char *script = junit_script(process, name), *dash = strrchr(name, '-');

	if (script && *script)
		return script;
	if (!dash || dash == name || strlen(dash + 1) != 16 ||
	    strspn(dash + 1, "0123456789abcdef") != 16)
		return name;
	return strings_keep_part(&report->session->strings, name, (size_t)(dash - name));
}

/* A finding of several processes belongs to the first, in the order of the report. */
static const struct process *first_process(const struct finding *finding)
{
	const struct process *first = NULL;

	for (size_t i = 0; i < finding->share_count; i++) {
		const struct process *process = finding->shares[i].process;

		if (!first || process->pid < first->pid ||
		    (process->pid == first->pid &&
		     strcmp(process->trace_path, first->trace_path) < 0))
			first = process;
	}
	return first;
}

/* "tokio.server", "scan.server" */
static const char *junit_class_name(const struct report *report, const struct finding *finding,
				    const struct process *process)
{
	struct strings *strings = &report->session->strings;
	const struct stack *stack = &finding->stacks[0].native;

	if (process)
		return strings_print(strings, "%s.%s", finding->executor,
				     junit_program(report, process));
	return strings_print(strings, "scan.%s",
			     stack->count && stack->frames[0].module
				     ? path_name(stack->frames[0].module)
				     : "unknown");
}

/* "blocking-call (read) in app::visit (src/app.rs)" */
static const char *junit_case_name(const struct report *report, const struct finding *finding)
{
	struct strings *strings = &report->session->strings;
	const struct frame *frame = stack_place(finding_stack(finding));
	const char *kind = kind_of(finding->kind)->word, *file = NULL;

	if (finding->call)
		kind = strings_print(strings, "%s (%s)", kind, finding->call);
	if (finding->variable)
		kind = strings_print(strings, "%s (%s)", kind, finding->variable);
	if (!frame || !frame->function)
		return kind;
	if (frame->file)
		file = source_path_in_repository(report->session, frame->file);
	return strings_print(strings, "%s in %s%s%s%s", kind, frame->function, file ? " (" : "",
			     file ? file : "", file ? ")" : "");
}

static int compare_names(const void *one, const void *other)
{
	const struct junit_name *a = *(const struct junit_name *const *)one;
	const struct junit_name *b = *(const struct junit_name *const *)other;
	int order = strcmp(a->class, b->class);

	order = order ? order : strcmp(a->name, b->name);
	return order ? order : strcmp(a->finding->id, b->finding->id);
}

/* Several of one name are numbered by their ids, which stay the same too. */
static void junit_number_names(struct strings *strings, struct junit_name *names, size_t count)
{
	struct junit_name **sorted = memory_get((count + 1) * sizeof *sorted);
	const char *class = NULL, *name = NULL;
	size_t same = 1;

	for (size_t i = 0; i < count; i++)
		sorted[i] = &names[i];
	if (count)
		qsort(sorted, count, sizeof *sorted, compare_names);
	for (size_t i = 0; i < count; i++) {
		same = sorted[i]->class == class && sorted[i]->name == name ? same + 1 : 1;
		class = sorted[i]->class;
		name = sorted[i]->name;
		if (same > 1)
			sorted[i]->name = strings_print(strings, "%s #%zu", name, same);
	}
	free(sorted);
}

struct junit_name *junit_names(const struct report *report)
{
	size_t count = report->finding_count + report->left_out_count;
	struct junit_name *names = memory_get((count + 1) * sizeof *names);

	for (size_t i = 0; i < count; i++) {
		bool is_left = i >= report->finding_count;
		const struct left_out *left =
			is_left ? &report->left_out[i - report->finding_count] : NULL;
		const struct finding *finding = left ? left->finding : report->findings[i];
		const struct process *process = first_process(finding);

		names[i] = (struct junit_name){
			.finding = finding,
			.process = process,
			.class = junit_class_name(report, finding, process),
			.name = junit_case_name(report, finding),
			.skipped = left ? left->reason : NULL,
		};
	}
	junit_number_names(&report->session->strings, names, count);
	return names;
}

static void junit_print_text(const struct report *report, const struct finding *finding, FILE *out)
{
	char *text;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		memory_exhausted();
	text_print_finding(report, finding, memory);
	if (fclose(memory))
		memory_exhausted();
	junit_print_escaped(out, text);
	free(text);
}

void junit_print_failure(const struct report *report, const struct finding *finding, FILE *out)
{
	fputs("      <failure", out);
	junit_print_attribute(out, "type", kind_of(finding->kind)->word);
	junit_print_attribute(out, "message", finding->message);
	fputs(">\n", out);
	junit_print_text(report, finding, out);
	fputs("</failure>\n", out);
}

static void begin_case(const char *class, const char *name, FILE *out)
{
	fputs("    <testcase", out);
	junit_print_attribute(out, "classname", class);
	junit_print_attribute(out, "name", name);
	fputs(">\n", out);
}

static void print_skipped(const char *reason, FILE *out, struct junit_counts *counts)
{
	fputs("      <skipped", out);
	junit_print_attribute(out, "message", reason);
	fputs("/>\n", out);
	counts->skipped++;
}

void junit_print_case(const struct report *report, const struct junit_name *name, FILE *out,
		      struct junit_counts *counts)
{
	begin_case(name->class, name->name, out);
	counts->tests++;
	if (name->skipped) {
		print_skipped(name->skipped, out, counts);
	} else if (junit_fails(report, name->finding)) {
		junit_print_failure(report, name->finding, out);
		counts->failures++;
	} else {
		fputs("      <system-out>\n", out);
		junit_print_text(report, name->finding, out);
		fputs("</system-out>\n", out);
	}
	fputs("    </testcase>\n", out);
}

void junit_print_plain_case(const char *class, const char *name, const char *skipped, FILE *out,
			    struct junit_counts *counts)
{
	begin_case(class, name, out);
	counts->tests++;
	if (skipped)
		print_skipped(skipped, out, counts);
	fputs("    </testcase>\n", out);
}
