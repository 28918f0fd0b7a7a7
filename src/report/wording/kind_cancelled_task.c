/* cancelled-task: dropped at an await, before it completed. */
#include "headline.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "report/model/kind.h"
#include "quantity.h"

const char *cancelled_task_subject(struct session *session, const struct finding *finding)
{
	return strings_print(&session->strings, "%s of %s is %s",
			     finding->category ? "a boxed future in a task" : "a task",
			     finding->executor, finding->what);
}

const char *cancelled_task_cost(struct session *session, const struct finding *finding)
{
	return headline_times(session, finding);
}

const char *cancelled_task_advice(struct session *session, const struct finding *finding)
{
	(void)session;
	(void)finding;
	return "nothing, where that is meant; what must not be cut short there belongs into a task "
	       "of its own, and what must be undone into a destructor";
}
