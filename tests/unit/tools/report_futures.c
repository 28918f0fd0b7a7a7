/* Records of what tasks held, where they were cancelled, which there are: whole, and made up of
 * anything. Never more than one clear sentence comes of a bad one. */
#include "report_traces.h"

#include "../layouts.h"

#include "shared/layout_path.h"

#define POLL 0x1000 /* in the module */

static struct trace_builder trace;
static struct made_layout made;
static uint64_t poll_address;

static uint32_t text_at(uint32_t offset, const char *text)
{
	assert_true(offset + strlen(text) < sizeof made.texts);
	strcpy(made.texts + offset, text);
	return offset;
}

/* A function that holds a guard at its await, in the cache as this test's own. */
static void put_layout(const struct trace_module *module)
{
	char path[PATH_MAX], directory[PATH_MAX];
	struct layout_value *value;
	FILE *file;

	layout_begin(&made);
	memcpy(made.header.build_id, module->build_id, module->build_id_size);
	made.header.build_id_size = module->build_id_size;
	layout_put_word(&made);
	layout_put_machine(&made);
	made.machines[0].function = made.machines[0].type = text_at(1, "app::holds");
	made.machines[0].file = layout_suspended(&made)->file = text_at(16, "/srv/app.rs");
	layout_suspended(&made)->line = 12;
	value = layout_put_guard(&made);
	value->name = text_at(32, "guard");
	value->type = text_at(40, "Guard<u8>");
	value->file = made.machines[0].file;
	value->line = 11;
	made.tasks[layout_take(&made, LAYOUT_TASKS)] = (struct layout_task){ .poll = POLL };
	layout_finish(&made);
	snprintf(directory, sizeof directory, "%s/yieldsan", trace_directory);
	mkdir(directory, 0700);
	assert_true(
		layout_path(path, sizeof path, directory, module->build_id, module->build_id_size));
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(&made, 1, sizeof made, file), sizeof made);
	fclose(file);
}

static void *put(enum record_type type, size_t size)
{
	return trace_at(&trace, trace_put(&trace, type, size));
}

static uint32_t offset_of(const void *record)
{
	return (uint32_t)((const unsigned char *)record - trace.bytes);
}

static struct trace_guard_site *put_guard_site(void)
{
	struct trace_guard_site *site = put(RECORD_GUARD_SITE, sizeof *site);

	site->executor = trace.executor;
	site->poll = poll_address;
	site->layout_version = LAYOUT_VERSION;
	site->layout_count = made.header.parts[LAYOUT_VALUES].count;
	site->depth = 1;
	site->links[0] = (struct trace_await){ 0, SUSPENDED };
	site->count = site->yields = 9;
	site->total_ns = site->max_ns = 5 * MS;
	site->first_ns = site->last_ns = START_NS + 100 * MS;
	return site;
}

static struct trace_cancel_site *put_cancel_site(uint32_t guard)
{
	struct trace_cancel_site *site = put(RECORD_CANCEL_SITE, sizeof *site);

	site->executor = trace.executor;
	site->how = CANCEL_ABORTED;
	site->poll = poll_address;
	site->layout_version = LAYOUT_VERSION;
	site->layout_count = made.header.parts[LAYOUT_VALUES].count;
	site->depth = 1;
	site->links[0] = (struct trace_await){ 0, SUSPENDED };
	site->guard = guard;
	site->count = 2;
	site->first_ns = site->last_ns = START_NS + 100 * MS;
	return site;
}

#define TASK(i) ((uint64_t)(0x1000 + 64 * (i)) << TRACE_TASK_TYPE_BITS | 1)

static struct trace_tasks *put_tasks(uint32_t entries)
{
	struct trace_task_type *type = put(RECORD_TASK_TYPE, sizeof *type);
	struct trace_tasks *tasks =
		put(RECORD_TASKS, sizeof *tasks + entries * sizeof(struct trace_task));
	struct trace_task *task = (struct trace_task *)(tasks + 1);

	type->executor = trace.executor;
	type->number = 1;
	type->poll = poll_address;
	tasks->count = entries;
	for (uint32_t i = 0; i < entries; i++)
		task[i].task = TASK(i);
	return tasks;
}

/* As `yieldsan run' writes it, of tasks that put_tasks has put: one await, and a guard there. */
static struct trace_suspended *put_suspended(uint32_t tasks)
{
	struct trace_suspended *suspended =
		put(RECORD_SUSPENDED, sizeof *suspended + sizeof(struct trace_await) +
					      sizeof(struct trace_suspended_guard) +
					      tasks * sizeof(uint64_t));
	struct trace_await *await = (struct trace_await *)(suspended + 1);
	struct trace_suspended_guard *guard = (struct trace_suspended_guard *)(await + 1);
	uint64_t *task = (uint64_t *)(guard + 1);

	suspended->type = 1;
	suspended->layout_version = LAYOUT_VERSION;
	suspended->layout_count = made.header.parts[LAYOUT_VALUES].count;
	suspended->awaits = suspended->guards = 1;
	suspended->tasks = tasks;
	await->state = SUSPENDED;
	guard->depth = 1;
	for (uint32_t i = 0; i < tasks; i++)
		task[i] = TASK(i);
	return suspended;
}

static struct trace_deadlock *put_deadlock(uint32_t edges, uint32_t guard)
{
	uint32_t stack = trace_put_stack(&trace, STACK(app_handler, app_main));
	struct trace_deadlock *deadlock = put(RECORD_DEADLOCK, sizeof *deadlock);

	deadlock->state = DEADLOCK_CYCLE;
	deadlock->executor = trace.executor;
	deadlock->start_ns = START_NS + 100 * MS;
	deadlock->count = 1;
	deadlock->edge_count = edges;
	for (uint32_t i = 0; i < edges; i++)
		deadlock->edges[i] = (struct trace_deadlock_edge){
			.tid = (int32_t)(100 + i),
			.holder = (int32_t)(100 + i),
			.waiting = stack,
			.acquired = stack,
			.present = stack,
			.guard = guard,
			.lock = TRACE_LOCK_FUTEX,
			.suspended = 1,
		};
	return deadlock;
}

static void begin(void)
{
	trace_begin_tokio(&trace, 100);
	for (uint32_t at = sizeof(struct trace_header); at < trace.used;) {
		struct trace_record *record = trace_at(&trace, at);

		if (record->type == RECORD_MODULE) {
			poll_address = ((struct trace_module *)record)->base + POLL;
			put_layout((struct trace_module *)record);
		}
		at += record->size;
	}
}

static void put_example(void)
{
	struct trace_left_site *left;
	uint32_t guard, cancelled;

	begin();
	guard = offset_of(put_guard_site());
	put_cancel_site(guard);
	cancelled = offset_of(put_cancel_site(0));
	left = put(RECORD_LEFT_SITE, sizeof *left);
	left->cancelled = cancelled;
	left->opened = trace_put_stack(&trace, STACK(app_handler, tokio_poll));
	left->count = left->open = 1;
	left->first_ns = left->last_ns = START_NS + 100 * MS;
	put_deadlock(1, guard);
	put_tasks(20);
	put_suspended(12);
	put(RECORD_ROOT, sizeof(struct trace_root));
	trace_header_of(&trace)->end = TRACE_END_UNKNOWN;
}

static struct made_report report_as(const char *format)
{
	struct made_report report = { .options = REPORT_OPTIONS_DEFAULT };

	report.options.show = SEVERITY_NOTICE;
	report.options.format = format;
	report.options.tasks = true;
	report_directory(&report);
	return report;
}

static struct made_report report_written(void)
{
	trace_write(&trace, "a.yieldsan");
	return report_as("json");
}

static void assert_findings(size_t count)
{
	struct made_report report = report_written();

	assert_string_equal(report.errors, "");
	assert_int_equal(finding_count(&report), count);
	made_report_free(&report);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		count++;
	}
	return count;
}

static void what_is_whole_is_told(void **state)
{
	struct made_report report;

	(void)state;
	put_example();
	report = report_written();
	assert_string_equal(report.errors, "");
	assert_int_equal(count_of(report.text, "\"kind\": \"lock-across-yield\""), 1);
	assert_int_equal(count_of(report.text, "\"kind\": \"cancelled-holding\""), 2);
	assert_int_equal(count_of(report.text, "\"kind\": \"cancelled-task\""), 1);
	assert_int_equal(count_of(report.text, "\"kind\": \"deadlock\""), 1);
	assert_contains(report.text, "guard, a Guard<u8>, of a suspended task");
	assert_contains(report.text, "/srv/app.rs");
	made_report_free(&report);
}

static void a_guard_whose_places_are_not_in_the_layout_is_not_told(void **state)
{
	static const uint32_t wrong[] = { 57, 1 << 20, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < 7 * sizeof wrong / sizeof *wrong; i++) {
		struct trace_guard_site *site;

		begin();
		site = put_guard_site();
		*(uint32_t *[]){
			&site->value,	       &site->depth,	      &site->links[0].machine,
			&site->links[0].state, &site->layout_version, &site->layout_count,
			&site->executor
		}[i % 7] = wrong[i / 7];
		assert_findings(0);
	}
	begin();
	put_guard_site()->depth = 0;
	assert_findings(0);
	begin();
	put_guard_site()->poll = 7; /* no module's */
	assert_findings(0);
	begin();
	put_guard_site();
	assert_findings(1);
}

static void a_refuted_guard_takes_those_of_its_value_along(void **state)
{
	(void)state;
	begin();
	put_guard_site();
	put_guard_site()->flags = GUARD_REFUTED;
	assert_findings(0);
}

static void what_only_a_lock_tells_must_have_been_told_often(void **state)
{
	struct trace_guard_site *site;
	struct made_report report;

	(void)state;
	begin();
	site = put_guard_site();
	site->flags = GUARD_UNSURE;
	site->yields = 7;
	assert_findings(0);
	site->yields = 8;
	report = report_written();
	assert_string_equal(text_of(only_finding(&report), "severity"), "warning");
	assert_string_equal(text_of(only_finding(&report), "confidence"), "low");
	made_report_free(&report);
}

static void a_cancelled_task_without_a_good_place_is_told_without_one(void **state)
{
	struct made_report report;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct trace_cancel_site *site;

		begin();
		site = put_cancel_site(0);
		*(uint32_t *[]){ &site->links[0].machine, &site->links[0].state,
				 &site->layout_count, &site->depth }[i] = UINT32_MAX;
		report = report_written();
		assert_string_equal(report.errors, "");
		assert_string_equal(text_of(only_finding(&report), "kind"), "cancelled-task");
		assert_lacks(report.text, "/srv/app.rs");
		made_report_free(&report);
	}
	begin();
	put_cancel_site(0)->how = 77;
	assert_findings(0);
	begin();
	put_cancel_site(0)->executor = 8;
	assert_findings(0);
}

static void what_a_cancelled_task_held_must_be_a_guard(void **state)
{
	struct trace_guard_site *guard;
	struct made_report report;

	(void)state;
	for (int i = 0; i < 5; i++) {
		begin();
		guard = put_guard_site();
		guard->yields = 0;
		if (i == 3)
			guard->value = 1 << 20;
		if (i == 4)
			guard->flags = GUARD_UNSURE;
		put_cancel_site((uint32_t[]){ trace.executor, offset_of(guard) + 8, UINT32_MAX,
					      offset_of(guard), offset_of(guard) }[i]);
		report = report_written();
		assert_string_equal(text_of(only_finding(&report), "kind"), "cancelled-task");
		made_report_free(&report);
	}
}

/* As many edges as a record takes, each with all that an edge may have. */
static void a_deadlock_with_all_that_there_may_be_is_told(void **state)
{
	struct made_report report;

	(void)state;
	begin();
	put_deadlock(TRACE_MAX_EDGES, offset_of(put_guard_site()));
	report = report_written();
	assert_int_equal(count_of(report.text, "\"kind\": \"deadlock\""), 1);
	/* All stacks are equal, and shown once. */
	assert_int_equal(count_of(report.text, "\"role\": \"waiting\""), 1);
	made_report_free(&report);
	begin();
	put_deadlock(1, 0)->edge_count = TRACE_MAX_EDGES + 1;
	report = report_written();
	assert_int_equal(count_of(report.errors, "\n"), 1);
	assert_contains(report.errors, "a.yieldsan is damaged");
	made_report_free(&report);
}

static void a_list_of_tasks_must_lie_in_its_record(void **state)
{
	struct made_report report;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct trace_tasks *tasks;

		begin();
		tasks = put_tasks(4);
		trace_header_of(&trace)->end = TRACE_END_UNKNOWN;
		if (i == 1)
			tasks->count = UINT32_MAX;
		if (i == 2)
			tasks->first = UINT32_MAX - 7;
		report = report_written();
		assert_int_equal(report.summary.damaged, i > 0);
		assert_int_equal(count_of(report.errors, "\n"), i > 0);
		assert_int_equal(count_of(report.text, "\"tasks\": ["), !i);
		made_report_free(&report);
	}
}

static void a_task_that_was_seen_suspended_tells_its_await(void **state)
{
	struct made_report report;

	(void)state;
	begin();
	put_tasks(5);
	put_suspended(3);
	trace_header_of(&trace)->end = TRACE_END_UNKNOWN;
	report = report_written();
	assert_string_equal(report.errors, "");
	assert_contains(report.text, "\"state\": \"suspended\"");
	assert_contains(report.text, "\"count\": 3");
	assert_contains(report.text, "\"state\": \"unknown\"");
	assert_contains(report.text, "\"count\": 2");
	assert_int_equal(count_of(report.text, "/srv/app.rs"), 1);
	made_report_free(&report);
}

static void a_suspended_task_whose_places_are_wrong_has_none(void **state)
{
	struct made_report report;

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct trace_suspended *suspended;
		struct trace_await *await;
		struct trace_suspended_guard *guard;
		bool damaged = i >= 6;

		begin();
		put_tasks(5);
		suspended = put_suspended(3);
		await = (struct trace_await *)(suspended + 1);
		guard = (struct trace_suspended_guard *)(await + 1);
		trace_header_of(&trace)->end = TRACE_END_UNKNOWN;
		*(uint32_t *[]){ &suspended->type,  &suspended->layout_count,
				 &await->machine,   &await->state,
				 &guard->value,	    &guard->depth,
				 &suspended->tasks, &suspended->awaits }[i] = UINT32_MAX;
		report = report_written();
		assert_int_equal(report.summary.damaged, damaged);
		assert_contains(report.text, "\"count\": 5");
		assert_lacks(report.text, "suspended");
		made_report_free(&report);
	}
}

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static void report_in_every_format(void)
{
	static const char *const formats[] = { "text", "json", "sarif" };

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		struct made_report report = report_as(formats[i]);

		assert_true(report.text[0] || report.summary.unreadable);
		assert_in_range(count_of(report.errors, "\n"), 0, 1);
		made_report_free(&report);
	}
}

static void cut_anywhere_they_never_harm_the_reader(void **state)
{
	(void)state;
	put_example();
	for (int i = 0; i < 60; i++) {
		write_file("a.yieldsan", trace.bytes, next_random() % trace.used);
		report_in_every_format();
	}
}

/* Their sizes and types stay, so that each is believed to be what it says. */
static void with_any_content_they_never_harm_the_reader(void **state)
{
	static const uint32_t wild[] = { 0, 1, 2, 3, 4, 8, 168, 1 << 20, INT32_MAX, UINT32_MAX };
	uint32_t from;

	(void)state;
	for (int i = 0; i < 300; i++) {
		put_example();
		from = trace.call;
		for (uint32_t at = from; at < trace.used;) {
			struct trace_record *record = trace_at(&trace, at);
			uint32_t *words = (uint32_t *)record;

			for (uint32_t n = 2; n < record->size / 4; n++)
				if (next_random() % 12 == 0)
					words[n] = wild[next_random() % (sizeof wild / 4)];
			at += record->size;
		}
		trace_write(&trace, "a.yieldsan");
		report_in_every_format();
	}
}

static int set_up(void **state)
{
	return make_directory(state) || setenv("XDG_CACHE_HOME", trace_directory, 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, empty_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_whole_is_told),
		TEST(a_guard_whose_places_are_not_in_the_layout_is_not_told),
		TEST(a_refuted_guard_takes_those_of_its_value_along),
		TEST(what_only_a_lock_tells_must_have_been_told_often),
		TEST(a_cancelled_task_without_a_good_place_is_told_without_one),
		TEST(what_a_cancelled_task_held_must_be_a_guard),
		TEST(a_deadlock_with_all_that_there_may_be_is_told),
		TEST(a_list_of_tasks_must_lie_in_its_record),
		TEST(a_task_that_was_seen_suspended_tells_its_await),
		TEST(a_suspended_task_whose_places_are_wrong_has_none),
		TEST(cut_anywhere_they_never_harm_the_reader),
		TEST(with_any_content_they_never_harm_the_reader),
	};

	return cmocka_run_group_tests(tests, set_up, remove_directory);
}
