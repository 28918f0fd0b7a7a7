/* blocking-call: a call that blocks the thread of an executor. */
#include <string.h>

#include "advice.h"
#include "headline.h"
#include "library_function.h"
#include "report/model/model.h"
#include "quantity.h"

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
	return advice_for(report, finding);
}
