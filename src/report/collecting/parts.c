#include "parts.h"

#include <string.h>

#include "report/model/findings.h"
#include "report/model/model.h"
#include "report/wording/library_function.h"

/* Compares kept strings by pointer. */
static bool parts_same_frame(const struct frame *one, const struct frame *other)
{
	return one->function == other->function && one->file == other->file &&
	       one->line == other->line;
}

/* The program's next frame from `i` outwards within the turn; NULL if there is none. */
static const struct frame *next_own(const struct stack *stack, size_t *i)
{
	while (*i < stack->count && !stack->frames[*i].turn_boundary) {
		const struct frame *frame = &stack->frames[(*i)++];

		if (frame->owner == OWNER_PROGRAM)
			return frame;
	}
	return NULL;
}

/* From the program's own frame outwards; how a runtime came to run a task differs. */
static bool same_callers(const struct stack *one, const struct stack *other)
{
	size_t i = one->place, j = other->place;
	const struct frame *a, *b;

	if (!parts_same_frame(&one->frames[i], &other->frames[j]))
		return false;
	do {
		a = next_own(one, &i);
		b = next_own(other, &j);
	} while (a && b && parts_same_frame(a, b));
	return !a && !b;
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

static void worst_add_part(struct finding *worst, struct finding *part)
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
		worst_add_part(worst, finding);
		return true;
	}
	return false;
}

static bool is_lock(const struct finding *finding)
{
	return finding->category && !strcmp(finding->category, "lock");
}

/*
 * Threads that queue on a library's lock, as println! has one, wait for the call that is made under
 * it: that call represents the parts if it took at least half as long.
 */
static struct finding *call_below_lock(struct finding *worst)
{
	struct finding *head = worst;

	for (struct finding *part = worst->also; part; part = part->next_part)
		if (!is_lock(part) && part->severity == worst->severity &&
		    part->max_ns >= worst->max_ns / 2 &&
		    (head == worst || part->max_ns > head->max_ns))
			head = part;
	return head;
}

/* Which of several short waits is the longest is chance: the id must not depend on it. */
static struct finding *first_of(struct finding *worst)
{
	struct finding *head = worst;

	for (struct finding *part = worst->also; part; part = part->next_part)
		if (part->severity == worst->severity && part->first_ns < head->first_ns)
			head = part;
	return head;
}

static struct finding *head_of(struct finding *worst)
{
	struct finding *head = worst, **at = &worst->also;

	if (is_lock(worst))
		head = call_below_lock(worst);
	else if (worst->severity < SEVERITY_ERROR)
		head = first_of(worst);
	if (head == worst)
		return worst;
	while (*at != head)
		at = &(*at)->next_part;
	*at = head->next_part;
	worst->next_part = worst->also;
	worst->also = NULL;
	head->next_part = NULL;
	head->also = worst;
	return head;
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
	for (size_t i = 0; i < count; i++)
		report->findings[i] = head_of(report->findings[i]);
}
