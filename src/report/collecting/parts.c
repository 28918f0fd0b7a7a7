#include "parts.h"

#include <string.h>

#include "report/model/findings.h"
#include "report/model/model.h"
#include "report/wording/library_function.h"

/* Compares kept strings by pointer. */
static bool same_frame(const struct frame *one, const struct frame *other)
{
	return one->function == other->function && one->file == other->file &&
	       one->line == other->line;
}

/* From the program's own frame outwards. */
static bool same_callers(const struct stack *one, const struct stack *other)
{
	size_t count = one->count - one->place;

	if (other->count - other->place != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!same_frame(&one->frames[one->place + i], &other->frames[other->place + i]))
			return false;
	return true;
}

static bool may_be_part(const struct finding *finding)
{
	return finding->kind == KIND_BLOCKING_CALL && !finding->in_progress &&
	       finding_stack(finding)->place < finding_stack(finding)->count;
}

static bool is_part_of(struct session *session, const struct finding *finding,
		       const struct finding *worst)
{
	const char *function, *of_worst;

	if (finding->family != worst->family || finding->executor != worst->executor ||
	    finding->phase != worst->phase ||
	    !same_callers(finding_stack(finding), finding_stack(worst)))
		return false;
	function = library_function(session, finding);
	of_worst = library_function(session, worst);
	/* One of several calls on a line of a script. */
	if (!function || !of_worst)
		return finding->stacks->script.count && (function || of_worst);
	return function == of_worst;
}

static void add_part(struct finding *worst, struct finding *part)
{
	struct finding **end = &worst->also;

	while (*end)
		end = &(*end)->next_part;
	*end = part;
	for (size_t i = 0; i < part->test_count; i++)
		finding_add_test(worst, part->tests[i]);
}

static bool belongs_to_one_before(struct report *report, size_t count, struct finding *finding)
{
	for (size_t i = 0; i < count; i++) {
		struct finding *worst = report->findings[i];

		if (!may_be_part(worst) || !is_part_of(report->session, finding, worst))
			continue;
		add_part(worst, finding);
		return true;
	}
	return false;
}

void parts_merge(struct report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < report->finding_count; i++) {
		struct finding *finding = report->findings[i];

		if (!may_be_part(finding) || !belongs_to_one_before(report, count, finding))
			report->findings[count++] = finding;
	}
	report->finding_count = count;
}
