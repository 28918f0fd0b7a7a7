#include "findings.h"

#include <string.h>

#include "finding_id.h"
#include "model.h"

static uint64_t sum_of_times(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void add_share(struct finding *finding, const struct finding *seen,
		      const struct process *process)
{
	struct finding_share *share = finding->shares + finding->share_count;

	if (!process)
		return;
	if (!finding->share_count || share[-1].process != process) {
		finding->shares = memory_grow(finding->shares, finding->share_count,
					      &finding->share_room, sizeof *finding->shares);
		share = finding->shares + finding->share_count++;
		*share = (struct finding_share){ .process = process };
	} else {
		share--;
	}
	share->count = sum_of_times(share->count, seen->count);
	share->total_ns = sum_of_times(share->total_ns, seen->total_ns);
	if (seen->max_ns > share->max_ns)
		share->max_ns = seen->max_ns;
}

static bool waited_for_same(const struct waited_for *one, const struct waited_for *other)
{
	return one->kind == other->kind && one->text == other->text && one->pid == other->pid &&
	       one->tid == other->tid;
}

static void merge_waits(struct finding *known, const struct finding *seen)
{
	bool others = known->waited.others || seen->waited.others;

	if (!seen->waited.kind)
		return;
	if (known->waited.kind && !waited_for_same(&known->waited, &seen->waited))
		others = true;
	if (!known->waited.kind || seen->max_ns > known->max_ns)
		known->waited = seen->waited;
	known->waited.others = others;
}

static void finding_merge(struct finding *known, const struct finding *seen)
{
	merge_waits(known, seen);
	if (seen->tid != known->tid)
		known->tid = 0;
	/* Shows the worst; "runnable" (CPU contention) only if all were. */
	if (known->stall == STALL_RUNNABLE ||
	    (seen->stall != STALL_RUNNABLE &&
	     (seen->severity > known->severity ||
	      (seen->severity == known->severity && seen->total_ns > known->total_ns))))
		known->stall = seen->stall;
	/* A merged finding has a phase only if all its observations share it. */
	if (seen->phase != known->phase)
		known->phase = PHASE_SERVICE;
	if (seen->severity == known->severity)
		known->reasons |= seen->reasons;
	if (seen->severity > known->severity) {
		known->severity = seen->severity;
		known->reasons = seen->reasons;
	}
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
	known->count = sum_of_times(known->count, seen->count);
	known->total_ns = sum_of_times(known->total_ns, seen->total_ns);
	known->off_cpu_ns = sum_of_times(known->off_cpu_ns, seen->off_cpu_ns);
	known->harm_events = sum_of_times(known->harm_events, seen->harm_events);
	known->harm_turns = sum_of_times(known->harm_turns, seen->harm_turns);
	known->yields = sum_of_times(known->yields, seen->yields);
	known->waiters = sum_of_times(known->waiters, seen->waiters);
	known->long_turns = sum_of_times(known->long_turns, seen->long_turns);
	known->unseen &= seen->unseen;
	if (!known->waits_in)
		known->waits_in = seen->waits_in;
	if (!known->channel)
		known->channel = seen->channel;
	known->in_progress |= seen->in_progress;
	known->running |= seen->running;
	for (size_t i = 0; i < TRACE_HISTOGRAM_BUCKETS; i++)
		known->histogram[i] = sum_of_times(known->histogram[i], seen->histogram[i]);
}

void finding_add_test(struct finding *finding, const char *test)
{
	for (size_t i = 0; i < finding->test_count; i++)
		if (finding->tests[i] == test)
			return;
	if (!test)
		return;
	finding->tests = memory_grow(finding->tests, finding->test_count, &finding->test_room,
				     sizeof *finding->tests);
	finding->tests[finding->test_count++] = test;
}

void finding_add(struct report *report, const struct finding *seen, const struct process *process)
{
	struct finding *known;
	size_t words;
	uint64_t *key = finding_key(seen, &words);

	HASH_FIND(hh, report->findings_by_key, key, words * sizeof *key, known);
	if (known) {
		finding_merge(known, seen);
	} else {
		known = obstack_alloc(&report->memory, sizeof *known + words * sizeof *key);
		*known = *seen;
		memset(&known->hh, 0, sizeof known->hh);
		known->stacks = obstack_copy(
			&report->memory, seen->stacks,
			(seen->id_stack_count ? seen->id_stack_count : seen->stack_count) *
				sizeof *seen->stacks);
		known->shares = NULL;
		known->share_count = known->share_room = 0;
		known->tests = NULL;
		known->test_count = known->test_room = 0;
		memcpy(known->key, key, words * sizeof *key);
		HASH_ADD_KEYPTR(hh, report->findings_by_key, known->key, words * sizeof *key,
				known);
		report->findings = memory_grow(report->findings, report->finding_count,
					       &report->finding_room, sizeof *report->findings);
		report->findings[report->finding_count++] = known;
	}
	add_share(known, seen, process);
	finding_add_test(known, seen->test);
	free(key);
}

void finding_free_shares(struct finding *finding)
{
	for (struct finding *part = finding->also; part; part = part->next_part) {
		free(part->shares);
		free(part->tests);
	}
	free(finding->shares);
	free(finding->tests);
}

void findings_deinit(struct report *report)
{
	for (size_t i = 0; i < report->finding_count; i++)
		finding_free_shares(report->findings[i]);
	for (size_t i = 0; i < report->left_out_count; i++)
		finding_free_shares(report->left_out[i].finding);
	free(report->left_out);
	free(report->findings);
	HASH_CLEAR(hh, report->findings_by_key);
}
