/* What to do instead. */
#include "report_traces.h"

#include "report/wording/advice.h"
#include "report/model/model.h"

static const char *advice(enum executor_family family, const char *executor, const char *category,
			  const char *call)
{
	struct finding_stack stack = { 0 };
	struct finding finding = { .stacks = &stack, .stack_count = 1 };
	struct session session = { 0 };

	finding.family = family;
	finding.executor = executor;
	finding.executor_id = executor_id_of(family, executor);
	finding.category = category;
	finding.call = call;
	return advice_for(&session, &finding);
}

static void tokio_is_advised_in_tokios_words(void **state)
{
	(void)state;
	assert_string_equal(advice(FAMILY_TOKIO, "tokio", "sleep", "clock_nanosleep"),
			    "use tokio::time::sleep(..).await");
	assert_contains(advice(FAMILY_TOKIO, "tokio", "file", "read"), "tokio::fs");
	assert_contains(advice(FAMILY_TOKIO, "tokio", "file", "fsync"), "sync_all");
	assert_contains(advice(FAMILY_TOKIO, "tokio", "socket", "recv"), "tokio::net");
	assert_contains(advice(FAMILY_TOKIO, "tokio", "process", "waitpid"), "tokio::process");
	assert_contains(advice(FAMILY_TOKIO, "tokio", "lock", "syscall"), "tokio::sync::Mutex");
	assert_contains(advice(FAMILY_TOKIO, "tokio", "lock", "sem_wait"), "Semaphore");
	assert_contains(advice(FAMILY_TOKIO, "tokio", "dns", "getaddrinfo"), "lookup_host");
}

static void the_asynchronous_way_comes_before_the_offload(void **state)
{
	const char *text;

	(void)state;
	text = advice(FAMILY_TOKIO, "tokio", "file", "read");
	assert_true(strstr(text, "tokio::fs") < strstr(text, "spawn_blocking"));
	text = advice(FAMILY_EVENT_LOOP, "asyncio", "dns", "getaddrinfo");
	assert_true(strstr(text, "loop.getaddrinfo") < strstr(text, "to_thread"));
	text = advice(FAMILY_EVENT_LOOP, "libuv", "dns", "getaddrinfo");
	assert_true(strstr(text, "uv_getaddrinfo") < strstr(text, "uv_queue_work"));
	text = advice(FAMILY_EVENT_LOOP, "glib", "file", "read");
	assert_true(strstr(text, "g_file_") < strstr(text, "g_task_run_in_thread"));
	text = advice(FAMILY_EVENT_LOOP, "server", "socket", "recv");
	assert_true(strstr(text, "non-blocking") < strstr(text, "worker thread"));
}

static void every_executor_has_a_word_on_every_category(void **state)
{
	static const char *const categories[] = { "sleep",   "file", "metadata", "output",
						  "socket",  "pipe", "dns",	 "lock",
						  "process", "ipc",  "poll",	 "thread",
						  "other" };
	static const struct {
		enum executor_family family;
		const char *name;
		const char *word; /* that only this executor's advice has */
	} executors[] = {
		{ FAMILY_TOKIO, "tokio", "tokio" },
		{ FAMILY_ASYNC_TASK, "smol", "smol" },
		{ FAMILY_ASYNC_TASK, "async-std", "async_std" },
		{ FAMILY_ASYNC_TASK, "something", "smol" },
		{ FAMILY_EVENT_LOOP, "asyncio", NULL },
		{ FAMILY_EVENT_LOOP, "uvloop", NULL },
		{ FAMILY_EVENT_LOOP, "libuv", "uv_" },
		{ FAMILY_EVENT_LOOP, "glib", NULL },
		{ FAMILY_EVENT_LOOP, "libevent", NULL },
		{ FAMILY_EVENT_LOOP, "libev", NULL },
		{ FAMILY_EVENT_LOOP, "own", NULL },
		{ FAMILY_COROUTINE, "own", NULL },
		{ FAMILY_ANNOTATED, "own", NULL },
		{ FAMILY_OPTION, "own", NULL },
		{ FAMILY_UNKNOWN, "own", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof executors / sizeof *executors; i++)
		for (size_t j = 0; j < sizeof categories / sizeof *categories; j++) {
			const char *text = advice(executors[i].family, executors[i].name,
						  categories[j], "call");

			assert_true(strlen(text) > 10);
			if (executors[i].word && strcmp(executors[i].name, "libuv"))
				assert_contains(text, executors[i].word);
		}
}

static void the_script_decides_whose_words_are_used(void **state)
{
	struct finding_stack stack = { 0 };
	struct finding finding = { .stacks = &stack, .stack_count = 1 };
	struct session session = { 0 };

	(void)state;
	finding.family = FAMILY_EVENT_LOOP;
	finding.executor = "libuv";
	finding.executor_id = EXECUTOR_libuv;
	finding.category = "file";
	finding.call = "fsync";
	assert_contains(advice_for(&session, &finding), "uv_fs_");
	finding.language = SCRIPT_JAVASCRIPT;
	assert_contains(advice_for(&session, &finding), "fs.promises");
	finding.language = SCRIPT_PYTHON;
	assert_contains(advice_for(&session, &finding), "asyncio.to_thread");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokio_is_advised_in_tokios_words),
		cmocka_unit_test(the_asynchronous_way_comes_before_the_offload),
		cmocka_unit_test(every_executor_has_a_word_on_every_category),
		cmocka_unit_test(the_script_decides_whose_words_are_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
