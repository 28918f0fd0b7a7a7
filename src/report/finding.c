#include "finding.h"

#include <string.h>

#include "finding_id.h"
#include "headline.h"
#include "model.h"

const struct stack *finding_stack_face(const struct finding_stack *stack)
{
	return stack->script.count ? &stack->script : &stack->native;
}

const struct stack *finding_stack(const struct finding *finding)
{
	return finding_stack_face(&finding->stacks[0]);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void add_pid(struct finding *finding, int64_t pid)
{
	for (size_t i = 0; i < finding->pid_count; i++)
		if (finding->pids[i] == pid)
			return;
	finding->pids = memory_grow(finding->pids, finding->pid_count, &finding->pid_room,
				    sizeof *finding->pids);
	finding->pids[finding->pid_count++] = pid;
}

static void merge(struct finding *known, const struct finding *seen)
{
	if (seen->severity > known->severity)
		known->severity = seen->severity;
	if (seen->confidence > known->confidence)
		known->confidence = seen->confidence;
	if (seen->first_ns < known->first_ns)
		known->first_ns = seen->first_ns;
	if (seen->last_ns > known->last_ns)
		known->last_ns = seen->last_ns;
	if (seen->max_ns > known->max_ns)
		known->max_ns = seen->max_ns;
	if (seen->progress_ns > known->progress_ns)
		known->progress_ns = seen->progress_ns;
	known->count = sum(known->count, seen->count);
	known->total_ns = sum(known->total_ns, seen->total_ns);
	known->off_cpu_ns = sum(known->off_cpu_ns, seen->off_cpu_ns);
	known->harm_events = sum(known->harm_events, seen->harm_events);
	known->harm_turns = sum(known->harm_turns, seen->harm_turns);
	known->yields = sum(known->yields, seen->yields);
	known->waiters = sum(known->waiters, seen->waiters);
	known->in_progress |= seen->in_progress;
	known->running |= seen->running;
	for (size_t i = 0; i < TRACE_HISTOGRAM_BUCKETS; i++)
		known->histogram[i] = sum(known->histogram[i], seen->histogram[i]);
}

void finding_add(struct report *report, const struct finding *seen, int64_t pid)
{
	struct finding *known;
	size_t words;
	uint64_t *key = finding_key(seen, &words);

	HASH_FIND(hh, report->findings_by_key, key, words * sizeof *key, known);
	if (known) {
		merge(known, seen);
	} else {
		known = obstack_alloc(&report->memory, sizeof *known + words * sizeof *key);
		*known = *seen;
		memset(&known->hh, 0, sizeof known->hh);
		known->stacks = obstack_copy(&report->memory, seen->stacks,
					     seen->stack_count * sizeof *seen->stacks);
		known->pids = NULL;
		known->pid_count = known->pid_room = 0;
		memcpy(known->key, key, words * sizeof *key);
		HASH_ADD_KEYPTR(hh, report->findings_by_key, known->key, words * sizeof *key,
				known);
		report->findings = memory_grow(report->findings, report->finding_count,
					       &report->finding_room, sizeof *report->findings);
		report->findings[report->finding_count++] = known;
	}
	add_pid(known, pid);
	free(key);
}

static int compare_pids(const void *one, const void *other)
{
	const int64_t *a = one, *b = other;

	return *a < *b ? -1 : *a > *b;
}

static int compare(const void *one, const void *other)
{
	const struct finding *a = *(struct finding *const *)one;
	const struct finding *b = *(struct finding *const *)other;
	int order;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if (a->in_progress != b->in_progress)
		return a->in_progress ? -1 : 1;
	if (a->total_ns != b->total_ns)
		return a->total_ns > b->total_ns ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	order = strcmp(a->id, b->id);
	return order ? order : strcmp(a->message, b->message);
}

void findings_finish(struct report *report)
{
	findings_identify(report->findings, report->finding_count);
	for (size_t i = 0; i < report->finding_count; i++) {
		struct finding *finding = report->findings[i];

		finding->message = headline(report, finding);
		finding->advice = kind_of(finding->kind)->advice(report, finding);
		qsort(finding->pids, finding->pid_count, sizeof *finding->pids, compare_pids);
	}
	if (report->finding_count)
		qsort(report->findings, report->finding_count, sizeof *report->findings, compare);
}

void findings_deinit(struct report *report)
{
	for (size_t i = 0; i < report->finding_count; i++)
		free(report->findings[i]->pids);
	free(report->findings);
	HASH_CLEAR(hh, report->findings_by_key);
}
