/* blocking-call: a call that blocks the thread of an executor. */
#include <string.h>

#include "advice.h"
#include "headline.h"
#include "library_function.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "report/model/kind.h"
#include "quantity.h"

const char *blocking_call_subject(struct session *session, const struct finding *finding)
{
	const char *function = library_function(session, finding);

	if (!function || !strcmp(function, finding->call))
		return strings_print(&session->strings, "%s blocks %s", finding->call,
				     headline_executor(session, finding));
	return strings_print(&session->strings, "%s (%s) blocks %s", function, finding->call,
			     headline_executor(session, finding));
}

/* The state of a call in progress. */
static const char *progress(struct session *session, const struct finding *finding)
{
	char text[QUANTITY_SIZE];

	if (!finding->progress_ns)
		return "had not ended when the process did";
	quantity_duration(text, finding->progress_ns);
	return strings_print(&session->strings,
			     finding->running ? "has not ended after %s"
					      : "had not ended after %s, when the process ended",
			     text);
}

const char *blocking_call_cost(struct session *session, const struct finding *finding)
{
	char total[QUANTITY_SIZE], longest[QUANTITY_SIZE], count[QUANTITY_SIZE];
	struct strings *strings = &session->strings;

	if (finding->in_progress && finding->count == 1)
		return progress(session, finding);
	quantity_duration(total, finding->total_ns);
	if (finding->count == 1)
		return strings_print(strings, "once, %s", total);
	return strings_print(strings, "%s times, %s in total, longest %s%s%s",
			     quantity_count(count, finding->count), total,
			     quantity_duration(longest, finding->max_ns),
			     finding->in_progress ? "; one " : "",
			     finding->in_progress ? progress(session, finding) : "");
}

const char *blocking_call_advice(struct session *session, const struct finding *finding)
{
	if (finding->phase == PHASE_SHUTDOWN)
		return "none, unless it delays the end of the program";
	return advice_for(session, finding);
}
