/* Findings of what turns did with locks. */
#include "collection.h"
#include "verdict.h"
#include "judgement/report/lock.h"
#include "report/wording/lock_words.h"
#include "inspect/task_type.h"

static const struct {
	enum finding_kind kind;
	enum stack_role other;
} faults[] = {
	[LOCK_ACROSS_YIELD] = { KIND_LOCK_ACROSS_YIELD, ROLE_YIELDED },
	[LOCK_FOREIGN_UNLOCK] = { KIND_FOREIGN_UNLOCK, ROLE_RELEASED },
	[LOCK_LEFT_BEHIND] = { KIND_CANCELLED_HOLDING, ROLE_YIELDED },
	[LOCK_FOREIGN_UNLOCK_SEEN_LATE] = { KIND_FOREIGN_UNLOCK, ROLE_YIELDED },
};

/* A lock taken by library code alone, with no frame of the program on the stack. */
static bool is_of_libraries(const struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->frames[i].owner == OWNER_PROGRAM ||
		    stack->frames[i].owner == OWNER_DEPENDENCY ||
		    stack->frames[i].owner == OWNER_UNKNOWN)
			return false;
	return stack->count != 0;
}

static void lock_site_observe(struct collection *collection, const struct trace_lock_site *site)
{
	struct strings *strings = &collection->report->session->strings;
	const struct trace_executor *executor =
		trace_file_record(collection->trace, site->executor, RECORD_EXECUTOR);
	struct finding_stack stacks[2] = { { .role = ROLE_ACQUIRED } };
	struct finding seen = {
		.category = "lock",
		.count = site->count,
		.yields = site->yields,
		.waiters = site->turns_waited + site->threads_waited,
		.total_ns = site->total_ns,
		.max_ns = site->max_ns,
		.first_ns = collection_since_start(collection, site->first_ns),
		.last_ns = collection_since_start(collection, site->last_ns),
		.in_progress = site->open != 0,
		.running = collection->trace->running,
		.stacks = stacks,
		.what = lock_word(site->lock),
	};

	struct lock_facts facts = {
		.fault = site->fault,
		.lock = site->lock,
		.waited = site->turns_waited || site->threads_waited,
		.loops = executor && executor->family == FAMILY_EVENT_LOOP &&
			 !(site->flags & LOCK_SITE_COROUTINE),
	};

	if (!site->count || site->flags & LOCK_SITE_HANDS_OVER || !site->fault ||
	    site->fault >= sizeof faults / sizeof *faults || !executor ||
	    !collection_executor(collection, executor, &seen) ||
	    (!(site->flags & LOCK_SITE_IN_LOOP) && site->level > executor->level))
		return;
	if (seen.in_progress) {
		seen.progress_ns = collection_elapsed(collection, site->open_since_ns);
		seen.total_ns += seen.progress_ns;
		if (seen.progress_ns > seen.max_ns)
			seen.max_ns = seen.progress_ns;
	}
	seen.kind = faults[site->fault].kind;
	seen.thread = strings_keep_part(strings, site->thread, sizeof site->thread);
	if (site->task_poll)
		seen.task = task_type_name(&collection->space, site->task_poll);
	if (site->acquired) {
		bool full =
			collection_stack(collection, site->acquired, site->first_ns, &stacks[0]);

		stacks[0].thread = seen.thread;
		stacks[0].tid = site->tid;
		stacks[0].lock = lock_name(collection->report->session, site->lock, site->address);
		seen.stack_count++;
		if (stacks[0].script.count)
			seen.language = SCRIPT_PYTHON;
		if (stacks[0].script.count && !verdict_is_below_loop(&seen, full))
			return;
		facts.libraries_only = is_of_libraries(finding_stack_face(&stacks[0]));
	}
	stacks[seen.stack_count] = (struct finding_stack){
		.role = faults[site->fault].other,
		.thread = strings_keep_part(strings, site->other_thread, sizeof site->other_thread),
		.tid = site->other_tid,
	};
	collection_stack(collection, site->other, site->first_ns, &stacks[seen.stack_count++]);
	finding_take(&seen, lock_judge(&facts));
	collection_add(collection, &seen);
}

void collect_lock_sites(struct collection *collection)
{
	for (size_t i = 0; i < collection->trace->records[RECORD_LOCK_SITE].count; i++)
		lock_site_observe(collection, collection_take(collection, RECORD_LOCK_SITE, i));
}
