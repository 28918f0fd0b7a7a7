#include "weighted_stacks.h"

#include "report/model/model.h"

struct visitor {
	void (*visit)(void *target, const struct weighted_stack *stack);
	void *target;
};

static void visit_call(const struct finding *finding, const struct visitor *visitor)
{
	const struct weighted_stack seen = {
		.finding = finding,
		.stack = finding_stack(finding),
		.count = finding->count,
		.ns = finding->total_ns,
	};

	visitor->visit(visitor->target, &seen);
}

/* A stack seen in a third of the samples accounts for a third of the time. */
static void visit_samples(const struct finding *finding, const struct visitor *visitor)
{
	uint64_t all = 0;

	for (size_t i = 0; i < finding->stack_count; i++)
		all += finding->stacks[i].weight;
	for (size_t i = 0; i < finding->stack_count; i++) {
		const struct finding_stack *stack = &finding->stacks[i];
		double share = all ? (double)stack->weight / (double)all : i == 0;
		const struct weighted_stack seen = {
			.finding = finding,
			.stack = finding_stack_face(stack),
			.count = i == 0 ? finding->count : 0,
			.ns = (uint64_t)((double)finding->total_ns * share),
			.busy = finding->stall == STALL_BUSY,
		};

		visitor->visit(visitor->target, &seen);
	}
}

void weighted_stacks_visit(const struct report *report,
			   void (*visit)(void *target, const struct weighted_stack *stack),
			   void *target)
{
	const struct visitor visitor = { .visit = visit, .target = target };

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *finding = report->findings[i];

		if (finding->severity < report->options->show || !finding->stack_count)
			continue;
		if (finding->kind == KIND_BLOCKING_CALL)
			visit_call(finding, &visitor);
		else if (finding->kind == KIND_LONG_TURN)
			visit_samples(finding, &visitor);
	}
}
