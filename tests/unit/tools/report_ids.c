/* What names a finding over builds: the names that compilers and linkers give one function. */
#include "report_traces.h"

#define CLOSURE "28_$u7b$$u7b$closure$u7d$$u7d$17h"
FUNCTION(legacy, "_ZN3app4work" CLOSURE "0123456789abcdefE");
FUNCTION(legacy_rebuilt, "_ZN3app4work" CLOSURE "fedcba9876543210E");
FUNCTION(legacy_llvm, "_ZN3app4work" CLOSURE "9f3c01a2b4d5e687E.llvm.1234567890123456789");
FUNCTION(newer_first, "_RNCNvCs1234_3app4work0B3_");
FUNCTION(newer_second, "_RNCNvCs1234_3app4works_0B3_");
FUNCTION(newer_other_crate_hash, "_RNCNvCsabcdef_3app4works0_0B3_");
FUNCTION(other_function, "_RNCNvCs1234_3app5other0B3_");
FUNCTION(c_work, "work");
FUNCTION(c_isra, "work.isra.0");
FUNCTION(c_constprop, "work.constprop.1.isra.0");
FUNCTION(c_part, "work.part.0");
FUNCTION(c_cold, "work.cold");
FUNCTION(c_lto, "work.lto_priv.0");
FUNCTION(c_other, "worker");
FUNCTION(cc_first, "_ZZ4workvENKUlvE_clEv");
FUNCTION(cc_second, "_ZZ4workvENKUlvE0_clEv");
FUNCTION(cc_other, "_ZZ4workvENKUlvE_cvPFvvEEv");
FUNCTION(clang_first, "_ZZ4workvENK3$_0clEv");
FUNCTION(clang_second, "_ZZ4workvENK3$_1clEv");

static struct trace_builder trace;

static void name_stack(char id[17], const char *const *functions)
{
	struct made_report made;

	empty_directory(NULL);
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, functions);
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	strcpy(id, text_of(only_finding(&made), "id"));
	made_report_free(&made);
}

static bool are_alike(const char *const *one, const char *const *other)
{
	char one_id[17], other_id[17];

	name_stack(one_id, one);
	name_stack(other_id, other);
	return !strcmp(one_id, other_id);
}

#define assert_alike(one, other)                                                                   \
	assert_true(are_alike(STACK(one, tokio_poll), STACK(other, tokio_poll)))
#define assert_apart(one, other)                                                                   \
	assert_false(are_alike(STACK(one, tokio_poll), STACK(other, tokio_poll)))

static void a_build_s_hash_and_its_optimiser_s_suffix_do_not_matter(void **state)
{
	(void)state;
	assert_alike(legacy, legacy_rebuilt);
	assert_alike(legacy, legacy_llvm);
	assert_alike(newer_first, newer_other_crate_hash);
}

static void a_closure_s_number_does_not_matter(void **state)
{
	(void)state;
	assert_alike(newer_first, newer_second);
	assert_alike(cc_first, cc_second);
	assert_alike(clang_first, clang_second);
	assert_apart(newer_first, other_function);
	assert_apart(cc_first, cc_other);
}

static void the_older_and_the_newer_names_of_rust_are_one(void **state)
{
	(void)state;
	assert_alike(legacy, newer_first);
	assert_apart(legacy, other_function);
}

static void the_clones_of_a_function_are_that_function(void **state)
{
	(void)state;
	assert_alike(c_work, c_isra);
	assert_alike(c_work, c_constprop);
	assert_alike(c_work, c_part);
	assert_alike(c_work, c_cold);
	assert_alike(c_work, c_lto);
	assert_apart(c_work, c_other);
}

static void how_often_a_function_had_called_itself_does_not_matter(void **state)
{
	(void)state;
	assert_true(are_alike(STACK(c_work, c_work, app_main, tokio_poll),
			      STACK(c_work, c_work, c_work, c_work, app_main, tokio_poll)));
	assert_false(are_alike(STACK(c_work, app_main, tokio_poll),
			       STACK(c_work, app_main, c_work, tokio_poll)));
}

/* Two threads, each of which waits in one function for what the other took in another. */
static void put_deadlock(int pid, bool rotated)
{
	struct trace_deadlock *deadlock;
	uint32_t record, stacks[4];

	trace_begin_tokio(&trace, pid);
	stacks[0] = trace_put_stack(&trace, STACK(app_handler, tokio_poll));
	stacks[1] = trace_put_stack(&trace, STACK(app_serve, tokio_poll));
	stacks[2] = trace_put_stack(&trace, STACK(c_work, tokio_poll));
	stacks[3] = trace_put_stack(&trace, STACK(c_other, tokio_poll));
	record = trace_put(&trace, RECORD_DEADLOCK, sizeof *deadlock);
	deadlock = trace_at(&trace, record);
	deadlock->state = DEADLOCK_CYCLE;
	deadlock->executor = trace.executor;
	deadlock->start_ns = START_NS;
	deadlock->count = 1;
	deadlock->edge_count = 2;
	for (int i = 0; i < 2; i++) {
		struct trace_deadlock_edge *edge = &deadlock->edges[rotated ? 1 - i : i];

		edge->tid = 10 + i;
		edge->holder = 11 - i;
		edge->waiting = stacks[2 * i];
		edge->acquired = stacks[2 * i + 1];
	}
}

static void who_came_last_to_a_deadlock_does_not_matter(void **state)
{
	struct made_report made;

	(void)state;
	put_deadlock(100, false);
	trace_write(&trace, "a.yieldsan");
	put_deadlock(101, true);
	trace_write(&trace, "b.yieldsan");
	made = report_json();
	assert_string_equal(text_of(only_finding(&made), "kind"), "deadlock");
	assert_int_equal(number_of(only_finding(&made), "count"), 2);
	made_report_free(&made);
}

/* Of two calls in one function, the first of them a notice now and then. */
static void put_neighbours(bool noticed)
{
	struct trace_site *site;

	empty_directory(NULL);
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(newer_second, tokio_poll));
	if (noticed) {
		site = trace_put_site(&trace, STACK(newer_first, tokio_poll));
		site->counts[SEVERITY_ERROR] = 0;
		site->counts[SEVERITY_NOTICE] = 1;
	}
	trace_write(&trace, "a.yieldsan");
}

static void a_notice_takes_no_other_s_id(void **state)
{
	struct made_report alone, beside;
	json_t *findings;

	(void)state;
	put_neighbours(false);
	alone = report_json();
	put_neighbours(true);
	beside = report_json();
	findings = json_object_get(beside.json, "findings");
	assert_int_equal(json_array_size(findings), 2);
	assert_string_equal(text_of(json_array_get(findings, 0), "severity"), "error");
	assert_string_equal(text_of(json_array_get(findings, 0), "id"),
			    text_of(only_finding(&alone), "id"));
	assert_string_not_equal(text_of(json_array_get(findings, 1), "id"),
				text_of(only_finding(&alone), "id"));
	made_report_free(&alone);
	made_report_free(&beside);
}

#define TEST(name) cmocka_unit_test_teardown(name, empty_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_build_s_hash_and_its_optimiser_s_suffix_do_not_matter),
		TEST(a_closure_s_number_does_not_matter),
		TEST(the_older_and_the_newer_names_of_rust_are_one),
		TEST(the_clones_of_a_function_are_that_function),
		TEST(how_often_a_function_had_called_itself_does_not_matter),
		TEST(a_notice_takes_no_other_s_id),
		TEST(who_came_last_to_a_deadlock_does_not_matter),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
