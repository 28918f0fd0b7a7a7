/* blocking-call: a call that blocks the thread of an executor. */
#include <string.h>

#include "advice.h"
#include "headline.h"
#include "library_function.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "report/model/kind.h"
#include "quantity.h"
#include "waited_for.h"

static uint64_t call_opens(const struct finding *finding)
{
	return !strncmp(finding->call, "open", 4) && strcmp(finding->call, "opendir") != 0
		       ? finding->count
		       : 0;
}

/* "import requests (76 files)" for the many calls of an import; NULL if it is none. */
static const char *import_words(struct session *session, const struct finding *finding,
				const char *function)
{
	char text[QUANTITY_SIZE];
	uint64_t files = call_opens(finding);

	if (!function || strncmp(function, "import ", 7) != 0)
		return NULL;
	for (const struct finding *part = finding->also; part; part = part->next_part)
		if (part->kind == KIND_BLOCKING_CALL)
			files += call_opens(part);
	if (!files)
		return NULL;
	return strings_print(&session->strings, "%s (%s file%s) blocks %s", function,
			     quantity_count(text, files), files == 1 ? "" : "s",
			     headline_executor(session, finding));
}

const char *blocking_call_subject(struct session *session, const struct finding *finding)
{
	const char *function = library_function(session, finding);
	const char *call = waited_call(session, finding);
	const char *import = import_words(session, finding, function);

	if (import)
		return import;
	if (function && strcmp(function, finding->call) != 0)
		return strings_print(&session->strings, "%s (%s) blocks %s", function, call,
				     headline_executor(session, finding));
	/* "recv (from 127.0.0.1:80) blocks ..." */
	if (call != finding->call)
		call = strings_print(&session->strings, "%s (%s)", finding->call,
				     call + strlen(finding->call) +
					     strspn(call + strlen(finding->call), ", "));
	return strings_print(&session->strings, "%s blocks %s", call,
			     headline_executor(session, finding));
}

/* The state of a call in progress. */
static const char *blocking_progress(struct session *session, const struct finding *finding)
{
	char text[QUANTITY_SIZE];

	if (!finding->progress_ns)
		return "still blocked when the process ended";
	quantity_duration(text, finding->progress_ns);
	return strings_print(&session->strings,
			     finding->running ? "still blocked after %s"
					      : "still blocked after %s, when the process ended",
			     text);
}

const char *blocking_call_cost(struct session *session, const struct finding *finding)
{
	char total[QUANTITY_SIZE], longest[QUANTITY_SIZE], count[QUANTITY_SIZE];
	struct strings *strings = &session->strings;

	if (finding->in_progress && finding->count == 1)
		return blocking_progress(session, finding);
	quantity_duration(total, finding->total_ns);
	if (finding->count == 1)
		return strings_print(strings, "once, %s", total);
	return strings_print(strings, "%s times, %s in total, longest %s%s%s",
			     quantity_count(count, finding->count), total,
			     quantity_duration(longest, finding->max_ns),
			     finding->in_progress ? "; one " : "",
			     finding->in_progress ? blocking_progress(session, finding) : "");
}

const char *blocking_call_advice(struct session *session, const struct finding *finding)
{
	if (finding->phase == PHASE_SHUTDOWN)
		return "none, unless it delays the end of the program";
	return advice_for(session, finding);
}
