#include "causes.h"

#include <string.h>

#include "report/model/model.h"

static bool cause_same_place(const struct finding_stack *one, const struct finding_stack *other)
{
	const struct frame *a = stack_place(finding_stack_face(one));
	const struct frame *b = stack_place(finding_stack_face(other));

	/* Kept strings: equal texts have equal pointers. */
	return a && b && a->function == b->function && a->file == b->file && a->line == b->line;
}

static bool same_process(const struct finding *one, const struct finding *other)
{
	return one->share_count && other->share_count &&
	       one->shares[0].process == other->shares[0].process;
}

static bool finding_is_guard(const struct finding *finding)
{
	return finding->kind == KIND_LOCK_ACROSS_YIELD || finding->kind == KIND_BORROW_ACROSS_YIELD;
}

/* Both wait for the same lock; its name has its address. */
static bool share_lock(const struct finding *one, const struct finding *other)
{
	for (size_t i = 0; i < one->stack_count; i++)
		for (size_t j = 0; one->stacks[i].role == ROLE_WAITING && j < other->stack_count;
		     j++)
			if (other->stacks[j].role == ROLE_WAITING &&
			    one->stacks[i].lock == other->stacks[j].lock)
				return true;
	return false;
}

/* The deadlock waits for what this guard holds. */
static bool is_held_by(const struct finding *deadlock, const struct finding *guard)
{
	for (size_t i = 0; i < deadlock->stack_count; i++)
		for (size_t j = 0;
		     deadlock->stacks[i].role == ROLE_HOLDING && j < guard->stack_count; j++)
			if (cause_same_place(&deadlock->stacks[i], &guard->stacks[j]))
				return true;
	return false;
}

/* A thread that waits where others of the deadlock do, and whose wait was not followed yet. */
static bool waits_there(const struct finding *finding, const struct finding *deadlock)
{
	if (!finding->in_progress || !finding->category || strcmp(finding->category, "lock") != 0)
		return false;
	for (size_t i = 0; i < deadlock->stack_count; i++)
		if (deadlock->stacks[i].role == ROLE_WAITING &&
		    cause_same_place(&deadlock->stacks[i], &finding->stacks[0]))
			return true;
	return false;
}

static bool belongs_to(const struct finding *finding, const struct finding *deadlock)
{
	/* A wait that ended is less severe than the guard that it waited for. */
	if (deadlock->kind != KIND_DEADLOCK || finding->severity > deadlock->severity ||
	    !same_process(finding, deadlock))
		return false;
	if (finding->kind == KIND_DEADLOCK)
		return share_lock(finding, deadlock);
	if (finding->kind == KIND_BLOCKING_CALL)
		return waits_there(finding, deadlock);
	return finding_is_guard(finding) && is_held_by(deadlock, finding);
}

static void deadlock_add_part(struct finding *deadlock, struct finding *part)
{
	struct finding **end = &deadlock->also, *own = part->also;

	while (*end)
		end = &(*end)->next_part;
	*end = part;
	part->also = NULL;
	part->next_part = own;
	if (finding_is_guard(part))
		deadlock->advice = part->advice;
}

/* A cycle before waits that only lead into it. */
static void cycles_first(struct report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < report->finding_count; i++) {
		struct finding *finding = report->findings[i];

		if (finding->kind != KIND_DEADLOCK || strncmp(finding->what, "deadlock", 8) != 0)
			continue;
		memmove(&report->findings[count + 1], &report->findings[count],
			(i - count) * sizeof *report->findings);
		report->findings[count++] = finding;
	}
}

static void causes_merge(struct report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < report->finding_count; i++) {
		struct finding *finding = report->findings[i];
		size_t n = 0;

		while (n < count && !belongs_to(finding, report->findings[n]))
			n++;
		if (n < count)
			deadlock_add_part(report->findings[n], finding);
		else
			report->findings[count++] = finding;
	}
	report->finding_count = count;
}

static bool findings_overlap(const struct finding *one, const struct finding *other)
{
	uint64_t one_ns = one->first_ns > one->max_ns ? one->first_ns - one->max_ns : 0;
	uint64_t other_ns = other->first_ns > other->max_ns ? other->first_ns - other->max_ns : 0;

	return one_ns <= other->last_ns && other_ns <= one->last_ns;
}

static bool stack_has_function(const struct stack *stack, const struct frame *frame)
{
	for (size_t i = 0; frame && i < stack->count; i++)
		if (stack->frames[i].function == frame->function &&
		    stack->frames[i].file == frame->file)
			return true;
	return false;
}

/* The thread that held the lock was blocked meanwhile, in the function that had taken it. */
static bool is_holders(const struct finding *symptom, const struct finding *cause)
{
	const struct waited_for *waited = &symptom->waited;
	const struct stack *taken = finding_stack_face(&waited->taken);

	return waited->kind == WAITED_FOR_LOCK && waited->tid == cause->tid &&
	       (!taken->count || stack_has_function(finding_stack(cause), stack_place(taken)));
}

/* Inside a library's output, which writes under a lock. */
static const char *output_of(const struct finding *finding)
{
	const struct stack *native = &finding->stacks->native, *script = &finding->stacks->script;

	for (size_t i = 0; i < script->count && i < script->place; i++)
		if (script->frames[i].file &&
		    strstr(script->frames[i].file, "/logging/__init__.py"))
			return "logging";
	for (size_t i = 0; i < native->count && i < native->place; i++)
		if (native->frames[i].function &&
		    strstr(native->frames[i].function, "std::io::stdio::"))
			return "std::io::stdio";
	return NULL;
}

static bool finding_explains(const struct finding *cause, const struct finding *symptom)
{
	const char *output;

	if (cause->kind != KIND_BLOCKING_CALL || !cause->category ||
	    !strcmp(cause->category, "lock") || cause->severity < SEVERITY_WARNING ||
	    !same_process(cause, symptom) || !findings_overlap(cause, symptom))
		return false;
	if (cause->tid && is_holders(symptom, cause))
		return true;
	output = output_of(symptom);
	return output && output == output_of(cause) && cause->max_ns >= symptom->max_ns / 2;
}

/* Finds the cause that took longest. */
static struct finding *cause_of(const struct report *report, const struct finding *symptom)
{
	struct finding *found = NULL;

	if (symptom->kind != KIND_BLOCKING_CALL || !symptom->category ||
	    strcmp(symptom->category, "lock") != 0)
		return NULL;
	for (size_t i = 0; i < report->finding_count; i++)
		if (finding_explains(report->findings[i], symptom) &&
		    (!found || report->findings[i]->max_ns > found->max_ns))
			found = report->findings[i];
	return found;
}

static size_t index_of(const struct report *report, const struct finding *finding)
{
	size_t i = 0;

	while (report->findings[i] != finding)
		i++;
	return i;
}

/* Behind its cause, unless that is less severe. */
static void rank_below_cause(struct report *report, struct finding *symptom)
{
	size_t from = index_of(report, symptom), to = index_of(report, symptom->cause);

	if (to < from || symptom->cause->severity < symptom->severity)
		return;
	memmove(&report->findings[from], &report->findings[from + 1],
		(to - from) * sizeof *report->findings);
	report->findings[to] = symptom;
}

void causes_find(struct report *report)
{
	size_t count;
	struct finding **all;

	cycles_first(report);
	causes_merge(report);
	count = report->finding_count;
	all = obstack_alloc(&report->memory, count * sizeof *all);
	if (count)
		memcpy(all, report->findings, count * sizeof *all);
	for (size_t i = 0; i < count; i++)
		all[i]->cause = cause_of(report, all[i]);
	for (size_t i = count; i-- > 0;)
		if (all[i]->cause)
			rank_below_cause(report, all[i]);
}
