/* cancelled-holding: a task was cancelled and its lock is still held. */
#include <stdbool.h>
#include <string.h>

#include "headline.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "report/model/kind.h"
#include "quantity.h"

/* What a task may leave behind. */
static const struct {
	const char *what, *left, *advice;
	bool in_task; /* for a future that was dropped in a task that continues */
} things[] = {
	{ "descriptor", "leaves a descriptor open, opened",
	  "keep it in a value that closes it when the task is dropped (std::fs::File, OwnedFd) "
	  "from "
	  "the moment it is opened",
	  false },
	{ "child process", "leaves a child process running, started",
	  "let it be killed when the task is dropped (kill_on_drop(true) of "
	  "tokio::process::Command, "
	  "or a destructor of your own), or give it to a task of its own that waits for it",
	  false },
	{ "temporary file", "leaves a temporary file behind, made",
	  "keep it in a value that removes it when the task is dropped (tempfile::NamedTempFile) "
	  "from "
	  "the moment it is made",
	  false },
	{ "dropped child process", "leaves a child process running, started",
	  "let it be killed when its value is dropped (kill_on_drop(true) of "
	  "tokio::process::Command), or keep the value outside of what the time-out or select! "
	  "drops, and kill and await it there",
	  true },
};

#define THINGS (sizeof things / sizeof *things)

/* THINGS: a lock. */
static size_t thing_of(const struct finding *finding)
{
	size_t i = 0;

	while (i < THINGS && (finding->variable || strcmp(things[i].what, finding->what) != 0))
		i++;
	return i;
}

const char *cancelled_holding_subject(struct session *session, const struct finding *finding)
{
	size_t thing = thing_of(finding);

	if (thing < THINGS)
		return strings_print(&session->strings,
				     things[thing].in_task
					     ? "a future in a task of %s is dropped, and %s"
					     : "a task of %s is cancelled, and %s",
				     finding->executor, things[thing].left);
	if (finding->variable)
		return strings_print(&session->strings,
				     "a task of %s is cancelled while it holds %s, a %s",
				     finding->executor, finding->variable, finding->what);
	return strings_print(&session->strings, "%s of %s ended and still holds a %s, taken",
			     finding->task ? "a task" : "a thread",
			     headline_executor(session, finding), finding->what);
}

const char *cancelled_holding_cost(struct session *session, const struct finding *finding)
{
	return headline_times(session, finding);
}

const char *cancelled_holding_advice(struct session *session, const struct finding *finding)
{
	(void)session;
	if (thing_of(finding) < THINGS)
		return things[thing_of(finding)].advice;
	if (finding->variable)
		return "end the guard before the .await: what it protects is left as the task had "
		       "it "
		       "at that moment, half done perhaps";
	return "tie the release to a value that is dropped with the task (a guard, a destructor, a "
	       "finally block), or do not yield while the lock is held";
}
