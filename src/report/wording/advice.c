#include "advice.h"

#include <stdbool.h>
#include <string.h>

#include "executors/executors.h"
#include "library_function.h"
#include "report/model/finding.h"
#include "shared/options.h"
#include "shared/text.h"

/* NULL matches all. The first matching row of an executor wins. */
static const struct row {
	enum executor_id executor;
	const char *category, *calls, *text;
} advice[] = {
#define ADVICE_ON_CALLS(id, category, calls, text) { EXECUTOR_##id, #category, calls, text },
#define ADVICE(id, category, text)		   { EXECUTOR_##id, #category, NULL, text },
#define ADVICE_ELSE(id, text)			   { EXECUTOR_##id, NULL, NULL, text },
#include "executors/table.h"
};

/* Matched by library function, before the category of the call. */
static const struct function_row {
	enum executor_id executor;
	const char *functions, *text;
} on_functions[] = {
#define ADVICE_ON(id, functions, text) { EXECUTOR_##id, functions, text },
#include "executors/table.h"
};

#define MAX_FUNCTIONS 64 /* examined on a stack */

#define ROWS	      (sizeof advice / sizeof *advice)

static const char *const long_turn_texts[EXECUTOR_COUNT] = {
#define LONG_TURN_ADVICE(id, text) [EXECUTOR_##id] = text,
#include "executors/table.h"
};

static const char *const lock_texts[EXECUTOR_COUNT] = {
#define LOCK_ADVICE(id, text) [EXECUTOR_##id] = text,
#include "executors/table.h"
};

/* In Node's own code: JavaScript frames are known for calls, and for samples in JavaScript. */
static bool is_in_node(const struct finding *finding)
{
	const struct stack *native = &finding->stacks->native;

	for (size_t i = 0; finding->stack_count && i < native->count; i++)
		if (native->frames[i].function && !strncmp(native->frames[i].function, "node::", 6))
			return true;
	return false;
}

/* Whose advice applies: a library's loop may run inside another's, and libuv's advice does not fit
 * Node. */
static enum executor_id finding_adviser(const struct finding *finding)
{
	enum executor_id id = finding->executor_id;

	if (finding->language == SCRIPT_PYTHON && executor_infos[id].script != SCRIPT_PYTHON)
		return EXECUTOR_asyncio;
	if (finding->language == SCRIPT_JAVASCRIPT || is_in_node(finding))
		return EXECUTOR_node;
	return id;
}

/* `prefixes`: separated by blanks. */
static bool begins_with_one_of(const char *call, const char *prefixes)
{
	for (size_t length; *prefixes; prefixes += length + (prefixes[length] == ' ')) {
		length = strcspn(prefixes, " ");
		if (!strncmp(call, prefixes, length))
			return true;
	}
	return false;
}

/* A library's calls for a child process (poll, read, wait) concern the process. */
static bool runs_a_child(const struct finding *finding)
{
	static const char *const functions[] = { "std::process::", "tokio::process::" };
	static const char *const files[] = { "subprocess.py", "node:child_process" };
	const struct stack *stack = finding_stack(finding);

	for (size_t i = 0; i < stack->place && i < stack->count; i++) {
		const struct frame *frame = &stack->frames[i];

		for (size_t n = 0; n < sizeof functions / sizeof *functions; n++)
			if (frame->native && frame->function &&
			    strstr(frame->function, functions[n]))
				return true;
		for (size_t n = 0; n < sizeof files / sizeof *files; n++)
			if (!frame->native && frame->file &&
			    !strcmp(path_name(frame->file), files[n]))
				return true;
	}
	return false;
}

static bool advice_row_fits(const struct row *row, enum executor_id executor, const char *category,
			    const char *call)
{
	return row->executor == executor && (!row->category || !strcmp(row->category, category)) &&
	       (!row->calls || begins_with_one_of(call, row->calls));
}

static bool fits_one(const struct function_row *row, const char *const *functions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (option_pattern_matches(row->functions, functions[i]))
			return true;
	return false;
}

static const char *by_names(enum executor_id executor, const char *const *functions, size_t count)
{
	for (;; executor = executor_infos[executor].like) {
		for (size_t i = 0; i < sizeof on_functions / sizeof *on_functions; i++)
			if (on_functions[i].executor == executor &&
			    fits_one(&on_functions[i], functions, count))
				return on_functions[i].text;
		if (executor == EXECUTOR_other)
			return NULL;
	}
}

static const char *advice_by_function(struct session *session, const struct finding *finding)
{
	const char *functions[MAX_FUNCTIONS + 1];
	size_t count = library_functions(session, finding, functions, MAX_FUNCTIONS);

	if (finding->call)
		functions[count++] = finding->call;
	return by_names(finding_adviser(finding), functions, count);
}

const char *advice_for(struct session *session, const struct finding *finding)
{
	const char *category = runs_a_child(finding) ? "process" : finding->category;
	enum executor_id executor = finding_adviser(finding);
	const char *text = advice_by_function(session, finding);

	if (text)
		return text;
	for (;; executor = executor_infos[executor].like) {
		for (size_t i = 0; i < ROWS; i++)
			if (advice_row_fits(&advice[i], executor, category, finding->call))
				return advice[i].text;
		if (executor == EXECUTOR_other)
			return "";
	}
}

/* The executor's own text, or that of a similar one. */
static const char *advice_text(const char *const *texts, enum executor_id executor)
{
	while (!texts[executor] && executor != EXECUTOR_other)
		executor = executor_infos[executor].like;
	return texts[executor];
}

const char *advice_on_long_turn(const struct finding *finding, const char *function)
{
	const char *text = function ? by_names(finding_adviser(finding), &function, 1) : NULL;

	return text ? text : advice_text(long_turn_texts, finding_adviser(finding));
}

const char *advice_on_lock(const struct finding *finding)
{
	return advice_text(lock_texts, finding->executor_id);
}

/* Rows for all other executors come last. */
static const struct row *row_at(size_t n)
{
	size_t others = 0;

	while (advice[others].executor == EXECUTOR_other)
		others++;
	return &advice[(n + others) % ROWS];
}

const char *advice_line(const char *category, size_t n, const char **executor)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = row_at(i);

		if (!row->category || strcmp(row->category, category) || row->calls || n--)
			continue;
		*executor =
			row->executor == EXECUTOR_other ? NULL : executor_infos[row->executor].name;
		return row->text;
	}
	return NULL;
}
