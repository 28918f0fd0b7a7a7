#include "findings_finish.h"

#include <stdlib.h>
#include <string.h>

#include "causes.h"
#include "parts.h"
#include "report/model/finding_id.h"
#include "report/model/model.h"
#include "report/wording/headline.h"
#include "shared/text.h"

/* The program's hand-written futures count as links; those of libraries are combinators. */
static bool is_link(const struct frame *frame)
{
	return frame->state_machine ||
	       (frame->owner == OWNER_PROGRAM && frame->function &&
		text_ends(frame->function, " as core::future::future::Future>::poll"));
}

/* The frame in which the innermost task's turn began; count if there is none. */
static size_t boundary_of(const struct stack *stack)
{
	size_t i = 0;

	while (i < stack->count && !stack->frames[i].turn_boundary)
		i++;
	return i;
}

static const char *finding_task(const struct stack *stack)
{
	for (size_t i = boundary_of(stack); i < stack->count; i++) {
		if (stack->frames[i].task)
			return stack->frames[i].task;
		if (is_link(&stack->frames[i]))
			break;
	}
	return NULL;
}

static struct stack finding_chain(struct report *report, const struct stack *stack)
{
	struct stack chain = { 0 };

	for (size_t i = boundary_of(stack); i-- > 0;)
		if (is_link(&stack->frames[i]))
			obstack_grow(&report->memory, &stack->frames[i], sizeof *stack->frames);
	chain.count = obstack_object_size(&report->memory) / sizeof *chain.frames;
	chain.frames = obstack_finish(&report->memory);
	return chain;
}

static void find_awaits(struct report *report, struct finding *finding)
{
	for (size_t i = 0; i < finding->stack_count && !finding->awaits.count; i++) {
		const struct stack *stack = &finding->stacks[i].native;

		finding->awaits = finding_chain(report, stack);
		/* Show the waiter, not the holder of what it waits for. */
		if (finding->kind == KIND_DEADLOCK && finding->awaits.count)
			finding->task = finding_task(stack);
		/* The end of a thread that leaves a task's resources belongs to no task. */
		if (!finding->task && finding->kind != KIND_CANCELLED_HOLDING)
			finding->task = finding_task(stack);
	}
}

static int compare_shares(const void *one, const void *other)
{
	const struct finding_share *a = one, *b = other;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->process->pid != b->process->pid)
		return a->process->pid < b->process->pid ? -1 : 1;
	return strcmp(a->process->trace_path, b->process->trace_path);
}

static int compare_findings(const void *one, const void *other)
{
	const struct finding *a = *(struct finding *const *)one;
	const struct finding *b = *(struct finding *const *)other;
	int order;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if (a->in_progress != b->in_progress)
		return a->in_progress ? -1 : 1;
	if ((a->kind == KIND_DEADLOCK) != (b->kind == KIND_DEADLOCK)) /* it explains others */
		return a->kind == KIND_DEADLOCK ? -1 : 1;
	if (a->total_ns != b->total_ns)
		return a->total_ns > b->total_ns ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	order = strcmp(a->id, b->id);
	return order ? order : strcmp(a->message, b->message);
}

void findings_finish(struct report *report)
{
	findings_identify(report);
	for (size_t i = 0; i < report->finding_count; i++) {
		struct finding *finding = report->findings[i];

		find_awaits(report, finding);
		finding->message = headline(report->session, finding);
		finding->advice = kind_of(finding->kind)->advice(report->session, finding);
		if (finding->share_count) /* none for findings in a file */
			qsort(finding->shares, finding->share_count, sizeof *finding->shares,
			      compare_shares);
	}
	if (report->finding_count)
		qsort(report->findings, report->finding_count, sizeof *report->findings,
		      compare_findings);
	parts_merge(report);
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i]->also)
			report->findings[i]->message =
				headline(report->session, report->findings[i]);
	causes_find(report);
}
