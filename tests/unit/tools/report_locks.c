/* Findings of locks and deadlocks: their severity and their sentences. */
#include "report_traces.h"

static struct trace_builder trace;

static struct trace_lock_site *put_lock_site(enum lock_fault fault, enum trace_lock lock)
{
	uint32_t acquired = trace_put_stack(&trace, STACK(app_handler, app_serve, app_main));
	uint32_t other = trace_put_stack(&trace, STACK(app_serve, app_main));
	struct trace_lock_site *site =
		trace_at(&trace, trace_put(&trace, RECORD_LOCK_SITE, sizeof *site));

	site->fault = fault;
	site->lock = lock;
	site->executor = trace.executor;
	site->acquired = acquired;
	site->other = other;
	site->address = 0x1000;
	site->count = 2;
	site->yields = 5;
	site->total_ns = 30 * MS;
	site->max_ns = 20 * MS;
	site->first_ns = site->last_ns = START_NS + 100 * MS;
	site->tid = 4243;
	site->other_tid = 4244;
	snprintf(site->thread, sizeof site->thread, "worker-1");
	snprintf(site->other_thread, sizeof site->other_thread, "worker-2");
	return site;
}

static void begin(enum executor_family family, const char *name)
{
	trace_begin(&trace, 100);
	trace_put_executor(&trace, family, name);
}

/* Both forms of the only finding: of this kind and severity, and with these words. */
static void assert_told(const char *kind, const char *severity, const char *words)
{
	struct made_report made;

	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_string_equal(text_of(only_finding(&made), "kind"), kind);
	assert_string_equal(text_of(only_finding(&made), "severity"), severity);
	made_report_free(&made);
	made = report_text();
	assert_contains(made.text, words);
	made_report_free(&made);
}

static void a_lock_across_a_yield_of_a_task_is_an_error(void **state)
{
	(void)state;
	begin(FAMILY_TOKIO, "tokio");
	put_lock_site(LOCK_ACROSS_YIELD, TRACE_LOCK_MUTEX);
	assert_told("lock-across-yield", "error",
		    "a mutex is held across a yield of a tokio worker, taken in app::handler: 2 "
		    "times, held for 30 ms in total, longest 20 ms, across 5 yields\n");
}

static void of_an_event_loop_it_is_a_warning_until_somebody_waits(void **state)
{
	struct trace_lock_site *site;

	(void)state;
	begin(FAMILY_EVENT_LOOP, "libuv");
	site = put_lock_site(LOCK_ACROSS_YIELD, TRACE_LOCK_MUTEX);
	site->flags = LOCK_SITE_IN_LOOP;
	assert_told("lock-across-yield", "warning", "held across a yield");
	site->threads_waited = 3;
	assert_told("lock-across-yield", "error", "across 5 yields; 3 waited for it meanwhile\n");
	site->threads_waited = 0;
	site->turns_waited = 1;
	assert_told("lock-across-yield", "error", "across 5 yields; 1 waited for it meanwhile\n");
}

/* Its other callbacks run on while it is left. */
static void a_coroutine_in_an_event_loop_is_a_task(void **state)
{
	(void)state;
	begin(FAMILY_EVENT_LOOP, "libuv");
	put_lock_site(LOCK_ACROSS_YIELD, TRACE_LOCK_MUTEX)->flags =
		LOCK_SITE_IN_LOOP | LOCK_SITE_COROUTINE;
	assert_told("lock-across-yield", "error", "held across a yield");
}

static void a_locked_file_is_a_notice_until_somebody_waits(void **state)
{
	struct trace_lock_site *site;

	(void)state;
	begin(FAMILY_TOKIO, "tokio");
	site = put_lock_site(LOCK_ACROSS_YIELD, TRACE_LOCK_FILE);
	assert_told("lock-across-yield", "notice", "a file lock is held across a yield");
	site->turns_waited = 1;
	assert_told("lock-across-yield", "error", "1 waited for it meanwhile");
}

static void a_foreign_release_shows_both_threads(void **state)
{
	(void)state;
	begin(FAMILY_TOKIO, "tokio");
	put_lock_site(LOCK_FOREIGN_UNLOCK, TRACE_LOCK_MUTEX);
	assert_told("foreign-unlock", "error",
		    "a mutex that thread worker-1 took in a tokio worker is released by another");
}

static void what_a_cancelled_task_holds_is_an_error(void **state)
{
	(void)state;
	begin(FAMILY_EVENT_LOOP, "libuv");
	put_lock_site(LOCK_LEFT_BEHIND, TRACE_LOCK_WRITE)->flags = LOCK_SITE_IN_LOOP;
	assert_told("cancelled-holding", "error", "taken in app::handler: 2 times");
}

static struct trace_deadlock *put_deadlock(enum deadlock_state state, unsigned edges)
{
	uint32_t waiting = trace_put_stack(&trace, STACK(app_handler, app_main));
	uint32_t acquired = trace_put_stack(&trace, STACK(app_serve, app_main));
	struct trace_deadlock *deadlock =
		trace_at(&trace, trace_put(&trace, RECORD_DEADLOCK, sizeof *deadlock));

	deadlock->state = state;
	deadlock->executor = trace.executor;
	deadlock->start_ns = START_NS + 100 * MS;
	deadlock->end_ns = state == DEADLOCK_ENDED ? START_NS + 300 * MS : 0;
	deadlock->count = 1;
	deadlock->edge_count = edges;
	for (unsigned i = 0; i < edges; i++) {
		struct trace_deadlock_edge *edge = &deadlock->edges[i];

		edge->tid = (int32_t)(4000 + i);
		edge->holder = (int32_t)(4000 + (i + 1) % edges);
		edge->waiting = waiting;
		edge->acquired = acquired;
		edge->address = 0x1000 * (i + 1);
		edge->waits_since_ns = deadlock->start_ns;
		snprintf(edge->thread, sizeof edge->thread, "worker-%u", i);
		snprintf(edge->holder_thread, sizeof edge->holder_thread, "worker-%u",
			 (i + 1) % edges);
	}
	return deadlock;
}

static void a_cycle_is_told_with_the_stacks_of_each_edge(void **state)
{
	struct made_report made;

	(void)state;
	begin(FAMILY_TOKIO, "tokio");
	put_deadlock(DEADLOCK_CYCLE, 2);
	assert_told("deadlock", "error", "deadlock of 2 threads: a tokio worker waits for a mutex");
	made = report_json();
	assert_int_equal(json_array_size(json_object_get(only_finding(&made), "stacks")), 4);
	made_report_free(&made);
}

static void one_thread_alone_can_be_a_deadlock(void **state)
{
	struct trace_deadlock *deadlock;

	(void)state;
	begin(FAMILY_TOKIO, "tokio");
	deadlock = put_deadlock(DEADLOCK_CYCLE, 1);
	assert_told("deadlock", "error", "that the same turn holds already");
	deadlock->edges[0].suspended = 1;
	assert_told("deadlock", "error", "that an earlier turn of the same thread holds");
}

static void a_wait_that_ended_is_a_warning(void **state)
{
	struct trace_deadlock *deadlock;

	(void)state;
	begin(FAMILY_TOKIO, "tokio");
	deadlock = put_deadlock(DEADLOCK_ENDED, 1);
	deadlock->edges[0].holder = 77;
	assert_told("deadlock", "warning", "for 200 ms, then it went on");
}

/* Each of its threads records it. */
static void a_cycle_is_told_once(void **state)
{
	struct trace_deadlock *other;

	(void)state;
	begin(FAMILY_TOKIO, "tokio");
	put_deadlock(DEADLOCK_CYCLE, 2);
	other = put_deadlock(DEADLOCK_CYCLE, 2);
	other->edges[0].tid = 4001;
	other->edges[0].holder = 4000;
	other->edges[1].tid = 4000;
	other->edges[1].holder = 4001;
	assert_told("deadlock", "error", "deadlock of 2 threads");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_across_a_yield_of_a_task_is_an_error),
		cmocka_unit_test(of_an_event_loop_it_is_a_warning_until_somebody_waits),
		cmocka_unit_test(a_coroutine_in_an_event_loop_is_a_task),
		cmocka_unit_test(a_locked_file_is_a_notice_until_somebody_waits),
		cmocka_unit_test(a_foreign_release_shows_both_threads),
		cmocka_unit_test(what_a_cancelled_task_holds_is_an_error),
		cmocka_unit_test(a_cycle_is_told_with_the_stacks_of_each_edge),
		cmocka_unit_test(one_thread_alone_can_be_a_deadlock),
		cmocka_unit_test(a_wait_that_ended_is_a_warning),
		cmocka_unit_test(a_cycle_is_told_once),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
