#include "phase.h"

/* A script, a test or a command-line tool serves nothing, so it has no start-up phase. */
static bool is_startup(const struct phase_facts *facts)
{
	if (!facts->serves)
		return false;
	if (facts->accepts_ns)
		return facts->last_ns <= facts->accepts_ns;
	return facts->last_ns <= facts->listens_ns + LIMIT_STARTUP;
}

static bool is_shutdown(const struct phase_facts *facts)
{
	return facts->in_exit ||
	       (facts->asked_to_end_ns && facts->first_ns >= facts->asked_to_end_ns);
}

/*
 * A program loads each module once, most at its start, and a start has no end that can be seen in
 * one that accepts nothing: a tool, a worker. So it is an error only if a client waited. A test
 * waits for what its own functions load.
 */
static void judge_load(const struct phase_facts *facts, struct verdict *verdict)
{
	if (facts->loads && !facts->client_waited && !(facts->tests && facts->loads_late))
		verdict_lower(verdict, SEVERITY_WARNING, REASON_MODULE_LOAD);
}

enum phase phase_judge(const struct phase_facts *facts, struct verdict *verdict)
{
	judge_load(facts, verdict);
	if (facts->tests || facts->in_progress)
		return PHASE_SERVICE;
	if (is_shutdown(facts)) {
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_SHUTDOWN);
		return PHASE_SHUTDOWN;
	}
	if (is_startup(facts)) {
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_STARTUP);
		return PHASE_STARTUP;
	}
	return PHASE_SERVICE;
}
