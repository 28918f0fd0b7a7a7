/* lost-wakeup: a task that is not done and has no waker. */
#include "headline.h"
#include "inspect/session.h"
#include "quantity.h"
#include "report/model/finding.h"
#include "report/model/kind.h"

const char *lost_wakeup_subject(struct session *session, const struct finding *finding)
{
	return strings_print(&session->strings,
			     "a task of %s cannot run again unless it is aborted: it has no waker",
			     finding->executor);
}

const char *lost_wakeup_cost(struct session *session, const struct finding *finding)
{
	char duration[QUANTITY_SIZE], count[64];
	const char *since =
		finding->progress_ns
			? strings_print(&session->strings, "for %s",
					quantity_duration(duration, finding->progress_ns))
			: NULL;

	if (finding->count == 1)
		return since ? since : "once";
	return strings_print(&session->strings, "%s%s%s",
			     quantity_of(count, finding->count, "task"), since ? ", longest " : "",
			     since ? since : "");
}

const char *lost_wakeup_advice(struct session *session, const struct finding *finding)
{
	(void)session;
	(void)finding;
	return "a future that returns Pending must have given the waker of its Context to what "
	       "will "
	       "wake it, at each poll; if the task is to end elsewhere, keep its JoinHandle and "
	       "abort it";
}
