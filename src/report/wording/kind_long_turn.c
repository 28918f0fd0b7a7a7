/* long-turn: a turn that holds its executor's thread for too long. */
#include "advice.h"
#include "headline.h"
#include "javascript_name.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "report/model/kind.h"
#include "quantity.h"
#include "report/model/words.h"

/*
 * The one library function in which a script's turn computed for most of its time: "JSON.parse".
 * NULL: there is none.
 */
static const char *busy_function(struct session *session, const struct finding *finding)
{
	uint64_t all = finding->left_out_weight, part = 0;
	const char *name;

	if (finding->language != SCRIPT_JAVASCRIPT || finding->unseen)
		return NULL;
	name = javascript_library_name(session, finding->stacks);
	for (size_t i = 0; name && i < finding->stack_count; i++) {
		const char *other = javascript_library_name(session, &finding->stacks[i]);

		all += finding->stacks[i].weight;
		if (other && !strcmp(name, other))
			part += finding->stacks[i].weight;
	}
	return name && 2 * part >= all ? name : NULL;
}

/* "a turn keeps a tokio worker busy", "a turn waits in read (pipe_read) on ..." */
const char *long_turn_subject(struct session *session, const struct finding *finding)
{
	const char *executor = headline_executor(session, finding);
	struct strings *strings = &session->strings;
	const char *function;

	switch (finding->stall) {
	case STALL_BUSY:
		function = busy_function(session, finding);
		if (function)
			return strings_print(strings, "%s keeps %s busy", function, executor);
		if (finding->root == ROOT_MAIN_SCRIPT)
			return strings_print(strings, "%s is busy", executor);
		return strings_print(strings, "a long turn keeps %s busy", executor);
	case STALL_WAITING:
		if (finding->root == ROOT_MAIN_SCRIPT)
			return strings_print(strings, "%s waits%s%s", executor,
					     finding->waits_in ? " in " : "",
					     finding->waits_in ? finding->waits_in : "");
		if (!finding->waits_in)
			return strings_print(strings, "a long turn of %s waits", executor);
		return strings_print(strings, "a long turn of %s waits in %s%s%s%s", executor,
				     finding->waits_in, finding->channel ? " (" : "",
				     finding->channel ? finding->channel : "",
				     finding->channel ? ")" : "");
	case STALL_RUNNABLE:
		return strings_print(strings,
				     "a long turn of %s was runnable, but others had the processor",
				     executor);
	default:
		return strings_print(strings, "a long turn holds %s", executor);
	}
}

const char *long_turn_cost(struct session *session, const struct finding *finding)
{
	char total[QUANTITY_SIZE], longest[QUANTITY_SIZE], count[QUANTITY_SIZE];
	struct strings *strings = &session->strings;

	if (finding->in_progress) {
		quantity_duration(longest, finding->progress_ns);
		return strings_print(strings,
				     finding->running
					     ? "%s so far, and still running"
					     : "%s, and still running when the process ended",
				     longest);
	}
	quantity_duration(total, finding->total_ns);
	if (finding->count == 1)
		return strings_print(strings, "once, %s", total);
	return strings_print(strings, "%s times, %s in total, longest %s",
			     quantity_count(count, finding->count), total,
			     quantity_duration(longest, finding->max_ns));
}

const char *long_turn_advice(struct session *session, const struct finding *finding)
{
	if (finding->stall == STALL_RUNNABLE)
		return "nothing in the program: the machine has more to do than processors for it";
	if (finding->stall == STALL_WAITING)
		return "move what waits to where blocking is right: spawn_blocking, a thread pool, "
		       "a thread of its own";
	return advice_on_long_turn(finding, busy_function(session, finding));
}
