/* deadlock: a wait for a lock that cannot end, or does not. */
#include <string.h>

#include "advice.h"
#include "headline.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "report/model/kind.h"
#include "quantity.h"

const char *deadlock_subject(struct session *session, const struct finding *finding)
{
	(void)session;
	return finding->what;
}

const char *deadlock_cost(struct session *session, const struct finding *finding)
{
	char duration[QUANTITY_SIZE];

	if (!finding->in_progress)
		return strings_print(&session->strings, "stuck for %s, then it went on",
				     quantity_duration(duration, finding->max_ns));
	if (!finding->progress_ns)
		return finding->running ? "still stuck" : "still stuck when the process ended";
	quantity_duration(duration, finding->progress_ns);
	return strings_print(&session->strings,
			     finding->running ? "stuck for %s so far"
					      : "still stuck after %s, when the process ended",
			     duration);
}

const char *deadlock_advice(struct session *session, const struct finding *finding)
{
	const char *lock = NULL;

	(void)session;
	if (finding->language == SCRIPT_PYTHON && finding->category &&
	    !strcmp(finding->category, "task"))
		return "let one of them end without the other: hand over what it waits for through "
		       "a Future or a Queue, or wait under asyncio.timeout(..)";
	for (size_t i = 0; i < finding->stack_count; i++)
		if (finding->stacks[i].suspended)
			return advice_on_lock(finding);
	for (size_t i = 0; i < finding->stack_count; i++) {
		if (finding->stacks[i].role != ROLE_WAITING)
			continue;
		if (lock && finding->stacks[i].lock != lock)
			return "take the locks in one order everywhere, or hold only one at a time";
		lock = finding->stacks[i].lock;
	}
	for (size_t i = 0; i < finding->stack_count; i++)
		if (finding->stacks[i].role == ROLE_HOLDING)
			return advice_on_lock(finding);
	return "let the thread that holds it release it sooner, or wait for it elsewhere: try the "
	       "lock "
	       "and come back later, or hand the work to a thread that may wait";
}
