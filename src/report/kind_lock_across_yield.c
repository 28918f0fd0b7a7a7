/* lock-across-yield: a lock that a turn took and still holds when it yields. */
#include "headline.h"
#include "lock_advice.h"
#include "model.h"
#include "quantity.h"

const char *lock_across_yield_subject(struct report *report, const struct finding *finding)
{
	return strings_print(&report->strings, "a %s is held across a yield of %s, taken",
			     finding->what, headline_executor(report, finding));
}

const char *lock_across_yield_cost(struct report *report, const struct finding *finding)
{
	char count[QUANTITY_SIZE], total[QUANTITY_SIZE], longest[QUANTITY_SIZE];
	char yields[64], waited[QUANTITY_SIZE];
	struct strings *strings = &report->strings;

	quantity_duration(longest, finding->max_ns);
	quantity_of(yields, finding->yields, "yield");
	return strings_print(
		strings, "%s%s%s, held for %s%s%s%s, over %s%s%s%s",
		finding->count == 1 ? "once" : quantity_count(count, finding->count),
		finding->count == 1 ? "" : " times", "",
		quantity_duration(total, finding->total_ns), finding->count == 1 ? "" : " in all, ",
		finding->count == 1 ? "" : longest,
		finding->count == 1 ? (finding->in_progress ? " and still held" : "") : " at most",
		yields, finding->waiters ? "; " : "",
		finding->waiters ? quantity_count(waited, finding->waiters) : "",
		finding->waiters ? " waited for it meanwhile" : "");
}

const char *lock_across_yield_advice(struct report *report, const struct finding *finding)
{
	(void)report;
	return lock_advice(finding);
}
