/* cancelled-holding: gone, and the lock still held. */
#include <string.h>

#include "headline.h"
#include "model.h"
#include "quantity.h"

static bool is_descriptor(const struct finding *finding)
{
	return finding->category && !strcmp(finding->category, "file");
}

const char *cancelled_holding_subject(struct report *report, const struct finding *finding)
{
	if (is_descriptor(finding))
		return strings_print(
			&report->strings,
			"a task of %s is cancelled, and leaves a descriptor open, opened",
			finding->executor);
	if (finding->variable)
		return strings_print(&report->strings,
				     "a task of %s is cancelled while it holds %s, a %s",
				     finding->executor, finding->variable, finding->what);
	return strings_print(&report->strings, "%s of %s ended and still holds a %s, taken",
			     finding->task ? "a task" : "a thread",
			     headline_executor(report, finding), finding->what);
}

const char *cancelled_holding_cost(struct report *report, const struct finding *finding)
{
	char count[QUANTITY_SIZE];

	if (finding->count == 1)
		return "once";
	return strings_print(&report->strings, "%s times", quantity_count(count, finding->count));
}

const char *cancelled_holding_advice(struct report *report, const struct finding *finding)
{
	(void)report;
	if (is_descriptor(finding))
		return "keep it in a value that closes it when the task is dropped (std::fs::File, "
		       "OwnedFd) from the moment it is opened";
	if (finding->variable)
		return "end the guard before the .await: what it protects is left as the task had "
		       "it "
		       "at that moment, half done perhaps";
	return "tie the release to a value that is dropped with the task (a guard, a destructor, a "
	       "finally block), or do not yield while the lock is held";
}
