/* Sites: what is one and the same, what is counted, and what is lost. */
#include "calls_seen.h"

#include "runtime/trace/sites.h"

static uint64_t frames[] = { 0x1000, 0x2000, 0x3000, 0x4000 };
static struct site_key key = {
	.kind = SITE_BLOCKING_CALL, .call = CALL_nanosleep, .frames = frames, .depth = 4
};

static int setup(void **state)
{
	struct executor *executor = executor_get(FAMILY_ANNOTATED, "test", 0, CONFIDENCE_HIGH);

	(void)state;
	if (!trace_open() || !executor || !executor_record(executor))
		return -1;
	executor_confirm(executor);
	key.executor = trace_offset(executor_record(executor));
	return 0;
}

static void the_same_stack_is_one_site(void **state)
{
	uint64_t copy[] = { 0x1000, 0x2000, 0x3000, 0x4000 };
	struct trace_site *site = site_get(&key);
	struct site_key same = key;

	(void)state;
	assert_non_null(site);
	same.frames = copy;
	assert_ptr_equal(site_get(&same), site);
	assert_int_equal(site->head.type, RECORD_SITE);
	assert_int_equal(site->executor, key.executor);
}

static void a_site_holds_its_stack_and_its_call(void **state)
{
	struct trace_site *site = site_get(&key);
	const struct trace_stack *stack = trace_at(site->stack);
	const struct trace_call *call = trace_at(site->call);

	(void)state;
	assert_int_equal(stack->head.type, RECORD_STACK);
	assert_int_equal(stack->depth, 4);
	assert_memory_equal(stack->frames, frames, sizeof frames);
	assert_string_equal(call->name, "nanosleep");
	assert_string_equal(call->category, "sleep");
}

static void any_difference_makes_another_site(void **state)
{
	uint64_t other[] = { 0x1000, 0x2000, 0x3000, 0x4001 };
	struct site_key keys[8];
	struct trace_site *sites[ARRAY_SIZE(keys)];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		keys[i] = key;
	keys[1].frames = other;
	keys[2].depth = 3;
	keys[3].call = CALL_usleep;
	keys[4].level = 1;
	keys[5].flags = SITE_ROOT_FUTURE;
	keys[6].subject = SUBJECT_PIPE;
	keys[7].language = SCRIPT_PYTHON;
	keys[7].script = "f\tf.py\t1\n";
	keys[7].script_size = 9;
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		sites[i] = site_get(&keys[i]);
		assert_non_null(sites[i]);
		for (unsigned j = 0; j < i; j++)
			assert_ptr_not_equal(sites[i], sites[j]);
	}
}

static const struct trace_script_line *line_of(const struct trace_site *site, unsigned number)
{
	const struct trace_script_lines *script = trace_at(site->script);

	assert_int_equal(script->head.type, RECORD_SCRIPT_LINES);
	assert_int_equal(script->language, SCRIPT_PYTHON);
	assert_in_range(number, 0, script->count - 1);
	return trace_at(script->lines[number]);
}

static void lines_that_scripts_share_are_written_once(void **state)
{
	struct site_key one = key, other = key;
	const struct trace_script_line *first, *second;
	enum script_language language = SCRIPT_NONE;
	char text[64];

	(void)state;
	one.language = other.language = SCRIPT_PYTHON;
	one.script = "f\tf.py\t1\nloop\tl.py\t2\n";
	other.script = "ggg\tg.py\t1\nloop\tl.py\t2\n";
	one.script_size = strlen(one.script);
	other.script_size = strlen(other.script);
	first = line_of(site_get(&one), 0);
	second = line_of(site_get(&other), 0);
	assert_int_equal(first->text_size, 8);
	assert_memory_equal(first->text, "f\tf.py\t1", 8);
	assert_int_equal(second->text_size, 10);
	assert_memory_equal(second->text, "ggg\tg.py\t1", 10);
	assert_ptr_equal(line_of(site_get(&one), 1), line_of(site_get(&other), 1));
	assert_int_equal(site_script(site_get(&one), text, sizeof text, &language),
			 one.script_size);
	assert_memory_equal(text, one.script, one.script_size);
	assert_int_equal(language, SCRIPT_PYTHON);
}

static void each_event_is_counted_under_its_severity(void **state)
{
	static uint64_t own[] = { 0x5000 };
	struct site_key counted = key;
	struct trace_site *site;

	(void)state;
	counted.frames = own;
	counted.depth = 1;
	site = site_get(&counted);
	assert_non_null(site);
	site_count(site, (struct verdict){ SEVERITY_WARNING, 0 }, 1000, 0, 10);
	site_count(site, (struct verdict){ SEVERITY_ERROR, 0 }, 5000, 4000, 20);
	site_count(site, (struct verdict){ SEVERITY_ERROR, 0 }, 3000, 2500, 30);
	assert_int_equal(site->counts[SEVERITY_NOTICE], 0);
	assert_int_equal(site->counts[SEVERITY_WARNING], 1);
	assert_int_equal(site->counts[SEVERITY_ERROR], 2);
	assert_int_equal(site->total_ns, 9000);
	assert_int_equal(site->max_ns, 5000);
	assert_int_equal(site->off_cpu_ns, 6500);
	assert_int_equal(site->last_ns, 30);
	assert_int_equal(site->histogram[10], 1); /* 512 to 1023 */
	assert_int_equal(site->histogram[12], 1); /* 2048 to 4095 */
	assert_int_equal(site->histogram[13], 1);
	site_count(site, (struct verdict){ SEVERITY_NOTICE, 0 }, 0, 0, 40);
	site_count(site, (struct verdict){ SEVERITY_NOTICE, 0 }, UINT64_C(1) << 60, 0, 50);
	assert_int_equal(site->histogram[0], 1);
	assert_int_equal(site->histogram[TRACE_HISTOGRAM_BUCKETS - 1], 1);
}

static void only_what_is_confirmed_is_told_of(void **state)
{
	static uint64_t own[] = { 0x6000 };
	unsigned errors = sites_count(SEVERITY_ERROR), all = sites_count(SEVERITY_NOTICE);
	struct site_key reported = key;
	struct trace_site *site;

	(void)state;
	reported.frames = own;
	reported.depth = 1;
	site = site_get(&reported);
	site_count(site, (struct verdict){ SEVERITY_WARNING, 0 }, 1, 0, 1);
	assert_int_equal(sites_count(SEVERITY_NOTICE), all);
	site->confirmed = 1;
	assert_int_equal(sites_count(SEVERITY_NOTICE), all + 1);
	assert_int_equal(sites_count(SEVERITY_ERROR), errors);
	site_count(site, (struct verdict){ SEVERITY_ERROR, 0 }, 1, 0, 1);
	assert_int_equal(sites_count(SEVERITY_ERROR), errors + 1);
	assert_int_equal(sites_count(SEVERITY_NOTICE), all + 1);
}

static void a_full_table_loses_and_counts(void **state)
{
	uint64_t before = trace_header()->lost_sites, limit = runtime_options.max_sites;
	struct site_key many = key;
	uint64_t own[1];
	unsigned found = 0;

	(void)state;
	runtime_options.max_sites = 64;
	many.frames = own;
	many.depth = 1;
	for (unsigned i = 0; i < 100; i++) {
		own[0] = 0x100000 + i;
		found += site_get(&many) != NULL;
	}
	assert_in_range(found, 1, 47);
	assert_int_equal(trace_header()->lost_sites, before + 100 - found);
	own[0] = 0x100000;
	assert_non_null(site_get(&many)); /* those that are there are found as before */
	assert_non_null(site_get(&key));
	assert_int_equal(trace_header()->lost_sites, before + 100 - found);
	/* The last quarter is kept for what is worse. */
	own[0] = 0x200000;
	assert_null(site_get(&many));
	many.severity = SEVERITY_WARNING;
	assert_non_null(site_get(&many));
	many.severity = SEVERITY_NOTICE;
	assert_non_null(site_get(&many));
	runtime_options.max_sites = limit;
}

static void a_trace_without_room_loses_and_counts(void **state)
{
	struct trace_header *header = trace_header();
	uint64_t before = header->lost_sites, used = header->used;
	static uint64_t own[] = { 0x7000 };
	struct site_key last = key;

	(void)state;
	last.frames = own;
	last.depth = 1;
	header->used = header->file_size - 8;
	assert_null(site_get(&last));
	assert_int_equal(header->lost_sites, before + 1);
	header->used = used;
	assert_non_null(site_get(&last));
}

/* None is lost for want of a place. */
static void notices_at_very_many_places_are_merged(void **state)
{
	uint64_t own[] = { 0x9000, 0, 0x3000 };
	struct site_key notice = key;
	struct trace_site *site, *first = NULL;
	const struct trace_stack *stack;
	uint64_t lost = trace_header()->lost_sites;

	(void)state;
	notice.frames = own;
	notice.depth = ARRAY_SIZE(own);
	notice.severity = SEVERITY_NOTICE;
	for (uint64_t i = 0; i < 10000; i++) {
		own[1] = 0x100000 + i;
		site = site_get(&notice);
		assert_non_null(site);
		stack = trace_at(site->stack);
		if (!(stack->flags & TRACE_STACK_MERGED)) {
			assert_int_equal(stack->depth, 3);
			continue;
		}
		assert_int_equal(stack->depth, 1);
		assert_true(!first || site == first);
		first = site;
	}
	assert_non_null(first);
	assert_int_equal(trace_header()->lost_sites, lost);
	own[0] = 0x9001; /* another caller */
	assert_ptr_not_equal(site_get(&notice), first);
	notice.severity = SEVERITY_WARNING;
	stack = trace_at(site_get(&notice)->stack);
	assert_int_equal(stack->depth, 3);
}

/* As above; an error still finds a place of its own. */
static void warnings_at_very_many_places_are_merged_later(void **state)
{
	uint64_t own[] = { 0xa000, 0, 0x3000 };
	struct site_key warning = key;
	const struct trace_stack *stack;
	uint64_t lost = trace_header()->lost_sites;
	unsigned whole = 0;

	(void)state;
	warning.frames = own;
	warning.depth = ARRAY_SIZE(own);
	warning.severity = SEVERITY_WARNING;
	for (uint64_t i = 0; i < 10000; i++) {
		struct trace_site *site;

		own[1] = 0x200000 + i;
		site = site_get(&warning);
		assert_non_null(site);
		stack = trace_at(site->stack);
		whole += !(stack->flags & TRACE_STACK_MERGED);
	}
	assert_in_range(whole, runtime_options.max_sites / 4, 9999);
	assert_int_equal(trace_header()->lost_sites, lost);
	warning.severity = SEVERITY_ERROR;
	own[1] = 0x300000;
	stack = trace_at(site_get(&warning)->stack);
	assert_int_equal(stack->depth, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_stack_is_one_site),
		cmocka_unit_test(a_site_holds_its_stack_and_its_call),
		cmocka_unit_test(any_difference_makes_another_site),
		cmocka_unit_test(lines_that_scripts_share_are_written_once),
		cmocka_unit_test(each_event_is_counted_under_its_severity),
		cmocka_unit_test(only_what_is_confirmed_is_told_of),
		cmocka_unit_test(a_full_table_loses_and_counts),
		cmocka_unit_test(a_trace_without_room_loses_and_counts),
		cmocka_unit_test(notices_at_very_many_places_are_merged),
		cmocka_unit_test(warnings_at_very_many_places_are_merged_later),
	};

	return cmocka_run_group_tests(tests, setup, seen_teardown);
}
