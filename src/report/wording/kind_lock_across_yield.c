/* lock-across-yield: a lock that a turn took and still holds when it yields. */
#include "advice.h"
#include "headline.h"
#include "held_value.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "report/model/kind.h"
#include "quantity.h"

/* For a Python coroutine we know where it waits. */
static bool lock_awaits(const struct finding *finding)
{
	for (size_t i = 0; i < finding->stack_count; i++)
		if (finding->stacks[i].role == ROLE_YIELDED && finding->stacks[i].script.count)
			return true;
	return false;
}

const char *lock_across_yield_subject(struct session *session, const struct finding *finding)
{
	if (finding->variable)
		return held_value_subject(session, finding);
	return strings_print(&session->strings, "a %s is held across %s %s, taken", finding->what,
			     lock_awaits(finding) ? "an await on" : "a yield of",
			     headline_executor(session, finding));
}

/* ", held for 4.2 ms and still held" */
static const char *lock_held(struct session *session, const struct finding *finding)
{
	char total[QUANTITY_SIZE], longest[QUANTITY_SIZE];
	const char *still = finding->in_progress ? " and still held" : "";
	struct strings *strings = &session->strings;

	if (!finding->total_ns) /* the end of the process was not seen */
		return finding->in_progress ? ", and still held" : "";
	quantity_duration(total, finding->total_ns);
	if (finding->count == 1)
		return strings_print(strings, ", held for %s%s", total, still);
	return strings_print(strings, ", held for %s in total%s, longest %s", total, still,
			     quantity_duration(longest, finding->max_ns));
}

const char *lock_across_yield_cost(struct session *session, const struct finding *finding)
{
	char times[64], yields[64], waited[QUANTITY_SIZE];

	if (finding->variable)
		return held_value_cost(session, finding);
	return strings_print(
		&session->strings, "%s%s, across %s%s%s%s",
		finding->count == 1 ? "once" : quantity_of(times, finding->count, "time"),
		lock_held(session, finding), quantity_of(yields, finding->yields, "yield"),
		finding->waiters ? "; " : "",
		finding->waiters ? quantity_count(waited, finding->waiters) : "",
		finding->waiters ? " waited for it meanwhile" : "");
}

const char *lock_across_yield_advice(struct session *session, const struct finding *finding)
{
	(void)session;
	if (finding->variable && finding->severity == SEVERITY_NOTICE)
		return "it may be held across an .await, but tasks that want it wait as long";
	return advice_on_lock(finding);
}
