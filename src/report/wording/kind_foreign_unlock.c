/* foreign-unlock: released by a thread that did not take it. */
#include "headline.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "report/model/kind.h"
#include "quantity.h"

const char *foreign_unlock_subject(struct session *session, const struct finding *finding)
{
	return strings_print(&session->strings,
			     "a %s that thread %s took in %s is released by another", finding->what,
			     finding->thread && *finding->thread ? finding->thread : "(not known)",
			     headline_executor(session, finding));
}

const char *foreign_unlock_cost(struct session *session, const struct finding *finding)
{
	return headline_times(session, finding);
}

const char *foreign_unlock_advice(struct session *session, const struct finding *finding)
{
	(void)session;
	return finding->family == FAMILY_TOKIO || finding->family == FAMILY_ASYNC_TASK
		       ? "drop the guard before the .await: the task may go on on another thread, "
			 "where a mutex must not be released"
		       : "release it on the thread that took it; to hand over ownership use a "
			 "semaphore, or a flag with a condition";
}
