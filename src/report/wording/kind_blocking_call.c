/* blocking-call: a call that blocks the thread of an executor. */
#include <string.h>

#include "advice.h"
#include "headline.h"
#include "report/model/model.h"
#include "quantity.h"

/* Paths inside std as its users know them. */
static const struct {
	const char *inner, *known;
} public_paths[] = {
	{ "std::thread::functions::", "std::thread::" },
	{ "std::thread::join_handle::", "std::thread::" },
	{ "std::sync::poison::mutex::", "std::sync::" },
	{ "std::sync::poison::rwlock::", "std::sync::" },
	{ "std::sync::poison::condvar::", "std::sync::" },
	{ "std::sync::poison::", "std::sync::" },
	{ "std::io::stdio::_print", "print!" },
	{ "std::io::stdio::_eprint", "eprint!" },
	{ "std::io::stdio::", "std::io::" },
	{ "std::net::tcp::", "std::net::" },
	{ "std::net::udp::", "std::net::" },
};

static const char *public_path(struct report *report, const char *function)
{
	static const char inner[] = "::inner"; /* what std calls the part that is not generic */
	size_t size = strlen(function);

	if (size > sizeof inner && !strcmp(function + size - (sizeof inner - 1), inner))
		function = strings_keep_part(&report->strings, function, size - (sizeof inner - 1));
	for (size_t i = 0; i < sizeof public_paths / sizeof *public_paths; i++) {
		size_t length = strlen(public_paths[i].inner);

		if (!strncmp(function, public_paths[i].inner, length))
			return strings_print(&report->strings, "%s%s", public_paths[i].known,
					     function + length);
	}
	return function;
}

/*
 * The frame of what the program called: the one within the place. Where block_on took the program's
 * code into itself that is Tokio's own, and the outermost of the frames around the call serves.
 */
static const struct frame *library_frame(const struct finding *finding)
{
	const struct stack *stack = finding_stack(finding);
	size_t i;

	if (!stack_place(stack) || !stack->place)
		return NULL;
	if (stack->frames[stack->place - 1].owner != OWNER_EXECUTOR || !finding->root)
		return &stack->frames[stack->place - 1];
	for (i = 0; stack->frames[i].owner == OWNER_STANDARD; i++)
		;
	return i ? &stack->frames[i - 1] : NULL;
}

/* "subprocess.run": the function alone says little. */
static const char *python_path(struct report *report, const struct frame *frame)
{
	const char *file = frame->file ? path_name(frame->file) : "";
	size_t length = strlen(file);

	if (length <= 3 || strcmp(file + length - 3, ".py") || !strcmp(file, "__init__.py"))
		return frame->function;
	return strings_print(&report->strings, "%.*s.%s", (int)(length - 3), file, frame->function);
}

/* NULL when the program made the call itself, or it is not known what it called. */
static const char *library_function(struct report *report, const struct finding *finding)
{
	const struct frame *frame = library_frame(finding);

	if (!frame || !frame->function || strstr(frame->function, "{{") ||
	    frame->owner == OWNER_SYSTEM)
		return NULL;
	if (!frame->native && frame->owner == OWNER_DEPENDENCY)
		return strings_print(&report->strings, "%s of %s", frame->function, frame->package);
	if (!frame->native && finding->language == SCRIPT_PYTHON)
		return python_path(report, frame);
	return public_path(report, frame->function);
}

const char *blocking_call_subject(struct report *report, const struct finding *finding)
{
	const char *function = library_function(report, finding);

	if (!function || !strcmp(function, finding->call))
		return strings_print(&report->strings, "%s blocks %s", finding->call,
				     headline_executor(report, finding));
	return strings_print(&report->strings, "%s (%s) blocks %s", function, finding->call,
			     headline_executor(report, finding));
}

/* How a call that has not ended stands. */
static const char *progress(struct report *report, const struct finding *finding)
{
	char text[QUANTITY_SIZE];

	if (!finding->progress_ns)
		return "had not ended when the process did";
	quantity_duration(text, finding->progress_ns);
	return strings_print(&report->strings,
			     finding->running ? "has not ended after %s"
					      : "had not ended after %s, when the process ended",
			     text);
}

const char *blocking_call_cost(struct report *report, const struct finding *finding)
{
	char total[QUANTITY_SIZE], longest[QUANTITY_SIZE], count[QUANTITY_SIZE];
	struct strings *strings = &report->strings;

	if (finding->in_progress && finding->count == 1)
		return progress(report, finding);
	quantity_duration(total, finding->total_ns);
	if (finding->count == 1)
		return strings_print(strings, "once, %s", total);
	return strings_print(strings, "%s times, %s in all, longest %s%s%s",
			     quantity_count(count, finding->count), total,
			     quantity_duration(longest, finding->max_ns),
			     finding->in_progress ? "; one " : "",
			     finding->in_progress ? progress(report, finding) : "");
}

const char *blocking_call_advice(struct report *report, const struct finding *finding)
{
	(void)report;
	return advice_for(finding);
}
