#include "running_test.h"

#include <ctype.h>
#include <string.h>

#include "inspect/address_space.h"
#include "inspect/session.h"
#include "inspect/trace_file.h"
#include "report/frames/source_text.h"
#include "report/model/finding.h"
#include "report/model/process.h"
#include "shared/text.h"

#define MOST_LINES_BEFORE 400 /* of a Catch2 test, from its first line to the frame's */

/* "blocks::tests::visit::{{closure}}": without the crate's name and closures, as libtest prints. */
static const char *libtest_name(struct session *session, const char *function)
{
	const char *colons = strstr(function, "::"), *name = colons ? colons + 2 : function;
	const char *closure = strstr(name, "::{");

	return closure ? strings_keep_part(&session->strings, name, (size_t)(closure - name))
		       : strings_keep(&session->strings, name);
}

/* libtest calls the test's function, or a closure around it, below this frame. */
static const char *libtest_test(struct session *session, const struct stack *stack)
{
	size_t i = stack->count;

	while (i-- > 0)
		if (stack->frames[i].function &&
		    text_begins(stack->frames[i].function, "test::__rust_begin_short_backtrace"))
			break;
	if (i >= stack->count)
		return NULL;
	while (i-- > 0) {
		const char *function = stack->frames[i].function;

		if (!function)
			return NULL;
		if (strstr(function, "core::ops::function::FnOnce"))
			continue;
		return *function == '<' ? NULL : libtest_name(session, function);
	}
	return NULL;
}

/* The end of the class's name in "net::Suite_Name_Test<int>::TestBody"; NULL: it is another. */
static const char *google_class_end(const char *function)
{
	static const char body[] = "::TestBody", suffix[] = "_Test";
	const char *end = function ? strstr(function, body) : NULL, *arguments;

	if (!end)
		return NULL;
	arguments = memchr(function, '<', (size_t)(end - function));
	if (arguments && end[-1] == '>')
		end = arguments;
	return (size_t)(end - function) > strlen(suffix) &&
			       !memcmp(end - strlen(suffix), suffix, strlen(suffix))
		       ? end - strlen(suffix)
		       : NULL;
}

/* The class that TEST() makes. GoogleTest forbids underscores in both names, so the first one
 * divides them. */
static const char *google_test(struct session *session, const struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		const char *function = stack->frames[i].function, *start, *divide;
		const char *end = google_class_end(function);

		if (!end)
			continue;
		for (start = end; start > function && start[-1] != ':' && start[-1] != ' ';)
			start--;
		divide = memchr(start, '_', (size_t)(end - start));
		if (!divide || divide == start)
			return strings_keep_part(&session->strings, start, (size_t)(end - start));
		return strings_print(&session->strings, "%.*s.%.*s", (int)(divide - start), start,
				     (int)(end - divide - 1), divide + 1);
	}
	return NULL;
}

/* The first string literal after the word: TEST_CASE("name", "[tag]"). */
static const char *literal_after(struct session *session, const char *line, size_t length,
				 const char *prefix)
{
	const char *open = memchr(line, '"', length), *close;

	if (!open++)
		return NULL;
	for (close = open; close < line + length && *close != '"'; close++)
		if (*close == '\\')
			close++;
	return close < line + length ? strings_print(&session->strings, "%s%.*s", prefix,
						     (int)(close - open), open)
				     : NULL;
}

/* Names of Catch2 and doctest are texts, and the functions have numbers: the source has the name.
 */
static const char *name_in_source(struct session *session, const struct frame *frame)
{
	static const char *const words[] = { "TEST_CASE", "SCENARIO" };
	static const char *const prefixes[] = { "", "Scenario: " };
	size_t length;

	for (int line = frame->line; line > 0 && line > frame->line - MOST_LINES_BEFORE; line--) {
		const char *text = source_text_line(session, frame->file, line, &length);

		for (size_t i = 0; text && i < sizeof words / sizeof *words; i++) {
			const char *word = memmem(text, length, words[i], strlen(words[i]));

			if (word)
				return literal_after(session, word, length - (size_t)(word - text),
						     prefixes[i]);
		}
	}
	return NULL;
}

static const char *catch_test(struct session *session, const struct stack *stack)
{
	static const char *const functions[] = { "CATCH2_INTERNAL_T", "C_A_T_C_H_T_E_S_T_",
						 "DOCTEST_ANON_FUNC" };

	for (size_t i = 0; i < stack->count; i++)
		for (size_t j = 0; j < sizeof functions / sizeof *functions; j++) {
			const struct frame *frame = &stack->frames[i];

			if (!frame->function || !strstr(frame->function, functions[j]))
				continue;
			return frame->file ? name_in_source(session, frame) : NULL;
		}
	return NULL;
}

static bool frame_is_in_directory(const struct frame *frame, const char *directory)
{
	return frame->file && strstr(frame->file, directory);
}

/* The outermost function that unittest called, if it is a test: "Class.test_x", by its source. */
static const char *unittest_test(struct session *session, const struct stack *stack)
{
	size_t i = stack->count;

	while (i-- > 0)
		if (frame_is_in_directory(&stack->frames[i], "/unittest/") &&
		    stack->frames[i].function &&
		    strstr(stack->frames[i].function, "_callTestMethod"))
			break;
	if (i >= stack->count)
		return NULL;
	while (i-- > 0) {
		const struct frame *frame = &stack->frames[i];
		const char *dot = frame->function ? strrchr(frame->function, '.') : NULL;
		const char *name = dot ? dot + 1 : frame->function, *qualified;

		if (frame_is_in_directory(frame, "/unittest/") ||
		    frame_is_in_directory(frame, "/asyncio/") || !name ||
		    !text_begins(name, "test"))
			continue;
		qualified = dot ? frame->function
				: source_text_python_name(session, frame->file, frame->line, name);
		return qualified ? qualified : name;
	}
	return NULL;
}

static const char *test_by_stack(struct session *session, const struct finding_stack *stack)
{
	const char *test = unittest_test(session, &stack->script);

	if (!test)
		test = libtest_test(session, &stack->native);
	if (!test)
		test = google_test(session, &stack->native);
	return test ? test : catch_test(session, &stack->native);
}

/* The last one before the record. */
static const struct trace_test *note_before(const struct trace_file *trace, uint32_t record)
{
	const uint32_t *offsets = trace->records[RECORD_TEST].offsets;
	size_t low = 0, high = trace->records[RECORD_TEST].count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (offsets[middle] < record)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? (const void *)(trace->bytes + offsets[low - 1]) : NULL;
}

/*
 * The value of PYTEST_CURRENT_TEST without the phase: "test_a.py::test_b (call)". A process that a
 * fixture started may outlive the test whose set-up that was.
 */
static const char *by_environment(struct session *session, const struct trace_test *note)
{
	static const char *const phases[] = { " (setup)", " (call)", " (teardown)" };
	const char *text = (const char *)(note->frames + note->depth);
	size_t length = note->text_size;

	if (note->flags & TRACE_TEST_INHERITED && text_part_ends(text, length, phases[0]))
		return NULL;
	for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
		if (text_part_ends(text, length, phases[i])) {
			length -= strlen(phases[i]);
			break;
		}
	return length ? strings_keep_part(&session->strings, text, length) : NULL;
}

const char *running_test(struct address_space *space, const struct process *process,
			 const struct finding *seen, uint32_t record)
{
	const struct trace_test *note = record ? note_before(space->trace, record) : NULL;
	struct session *session = space->session;
	const char *test = NULL;

	for (size_t i = 0; i < seen->stack_count && !test; i++)
		test = test_by_stack(session, &seen->stacks[i]);
	if (!test && note && note->depth) {
		struct finding_stack made = {
			.native = stack_native(space, process->ownership, note->frames, note->depth,
					       space->trace->header->start_monotonic_ns +
						       seen->first_ns),
		};

		test = test_by_stack(session, &made);
	}
	if (!test && note)
		test = by_environment(session, note);
	return test ? test : process->test;
}
