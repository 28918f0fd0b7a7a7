/* The table of loaded objects. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/modules/modules.h"
#include "runtime/base/runtime.h"

/* In every glibc, and in no test of ours. */
#define OTHER "libBrokenLocale.so.1"

static unsigned came, went;
static struct module *last;

static void added(struct module *module)
{
	came++;
	last = module;
}

static void removed(struct module *module)
{
	went++;
	last = module;
}

static int init(void **state)
{
	(void)state;
	/* Else the wrapper of dlopen looks first, and the news is no news here. */
	runtime_started = false;
	modules_scan(NULL, NULL);
	return 0;
}

static const struct module *libc(void)
{
	return modules_find((uintptr_t)dlsym(RTLD_NEXT, "qsort"));
}

static void the_program_comes_first(void **state)
{
	const struct module *program = modules_at(0);
	char path[4096] = "";

	(void)state;
	assert_true(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
	assert_true(program->is_program);
	assert_string_equal(program->path, path);
	assert_string_equal(module_name(program), strrchr(path, '/') + 1);
	assert_ptr_equal(modules_find((uintptr_t)the_program_comes_first), program);
	assert_ptr_equal(modules_find((uintptr_t)&came), program);
}

static void a_module_is_described(void **state)
{
	const struct module *module = libc();

	(void)state;
	assert_non_null(module);
	assert_false(module->is_program);
	assert_string_equal(module_name(module), "libc.so.6");
	assert_int_equal(module->path[0], '/');
	assert_int_equal(module->build_id_size, 20);
	assert_true(module->start <= module->text_start && module->text_end <= module->end);
	assert_true(module->eh_frame_hdr > module->start && module->eh_frame_hdr < module->end);
	assert_true(module->relro_start < module->relro_end);
	assert_true(module->loaded_ns && !module->unloaded_ns);
	assert_ptr_equal(modules_find(module->start), module);
	assert_ptr_equal(modules_find(module->end - 1), module);
	assert_ptr_not_equal(modules_find(module->end), module);
	assert_true(module_readable_until(module, module->text_start) >= module->text_end);
	assert_int_equal(module_readable_until(module, module->end), 0);
}

static void no_module_is_found_where_none_is(void **state)
{
	int local;
	void *block = malloc(16);

	(void)state;
	assert_null(modules_find(0));
	assert_null(modules_find(UINTPTR_MAX));
	assert_null(modules_find((uintptr_t)&local));
	assert_null(modules_find((uintptr_t)block));
	free(block);
}

static void another_look_finds_nothing_new(void **state)
{
	size_t count = modules_count();

	(void)state;
	came = went = 0;
	modules_scan(added, removed);
	assert_int_equal(came + went, 0);
	assert_int_equal(modules_count(), count);
}

static void a_module_comes_and_goes(void **state)
{
	void *handle;
	struct module *module;
	uintptr_t inside;

	(void)state;
	came = went = 0;
	handle = dlopen(OTHER, RTLD_NOW);
	assert_non_null(handle);
	modules_scan(added, removed);
	assert_int_equal(came, 1);
	assert_int_equal(went, 0);
	module = last;
	inside = module->text_start;
	assert_string_equal(module_name(module), OTHER);
	assert_ptr_equal(modules_find(inside), module);

	dlclose(handle);
	modules_scan(added, removed);
	assert_int_equal(came, 1);
	assert_int_equal(went, 1);
	assert_ptr_equal(last, module);
	assert_true(module->unloaded_ns >= module->loaded_ns);
	assert_null(modules_find(inside));
}

static void coming_back_again_and_again_costs_no_memory(void **state)
{
	size_t count = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		void *handle = dlopen(OTHER, RTLD_NOW);

		assert_non_null(handle);
		came = went = 0;
		modules_scan(added, removed);
		assert_int_equal(came, 1);
		assert_int_equal(last->unloaded_ns, 0);
		dlclose(handle);
		modules_scan(added, removed);
		assert_int_equal(went, 1);
		/* The kernel may choose another place once or twice. */
		if (i == 10)
			count = modules_count();
	}
	assert_in_range(modules_count(), count, count + 3);
	assert_int_equal(modules_lost(), 0);
}

/* ---- from other threads */

static volatile bool stop;

static void *keep_finding(void *data)
{
	const struct module *program = modules_at(0), *c = libc();
	uintptr_t in_libc = (uintptr_t)dlsym(RTLD_NEXT, "qsort");
	uintptr_t misses = 0;

	(void)data;
	while (!stop)
		misses += modules_find((uintptr_t)keep_finding) != program ||
			  modules_find(in_libc) != c || modules_find(8);
	return (void *)misses;
}

static void finding_goes_on_while_modules_come_and_go(void **state)
{
	unsigned opened = 0;
	pthread_t thread;
	void *misses, *handle;

	(void)state;
	pthread_create(&thread, NULL, keep_finding, NULL);
	/* Nothing is asserted before the thread has ended: it would go on for ever. */
	while (opened < 200 && (handle = dlopen(OTHER, RTLD_NOW))) {
		opened++;
		modules_scan(NULL, NULL);
		dlclose(handle);
		modules_scan(NULL, NULL);
	}
	stop = true;
	pthread_join(thread, &misses);
	assert_int_equal(opened, 200);
	assert_null(misses);
}

/* ---- thread-local blocks */

static _Thread_local int variable = 42;

static bool is_within(const void *address, const struct module *module)
{
	const char *block = module_tls(module);

	return block && (const char *)address >= block &&
	       (const char *)address < block + module->tls_size;
}

static void *look_at_own_block(void *unused)
{
	(void)unused;
	variable++;
	assert_true(is_within(&variable, modules_at(0)));
	assert_true(is_within(&errno, libc()));
	return &variable;
}

static void each_thread_has_its_own_block(void **state)
{
	pthread_t thread;
	void *theirs;

	(void)state;
	look_at_own_block(NULL);
	pthread_create(&thread, NULL, look_at_own_block, NULL);
	pthread_join(thread, &theirs);
	assert_ptr_not_equal(theirs, &variable);
}

static void a_module_opened_later_has_a_block_once_it_is_used(void **state)
{
	void *handle = dlopen("libstdc++.so.6", RTLD_NOW);
	void *(*use)(void) = (void *(*)(void))dlsym(handle, "__cxa_get_globals");
	const struct module *module;

	(void)state;
	assert_non_null(use);
	modules_scan(NULL, NULL);
	module = modules_find((uintptr_t)use);
	assert_non_null(module);
	assert_true(module->tls_size > 0);
	assert_null(module_tls(module));
	assert_true(is_within(use(), module));
	dlclose(handle);
	modules_scan(NULL, NULL);
}

static void a_module_without_a_block_has_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < modules_count(); i++)
		if (!modules_at(i)->tls_size)
			assert_null(module_tls(modules_at(i)));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_comes_first),
		cmocka_unit_test(a_module_is_described),
		cmocka_unit_test(no_module_is_found_where_none_is),
		cmocka_unit_test(another_look_finds_nothing_new),
		cmocka_unit_test(a_module_comes_and_goes),
		cmocka_unit_test(coming_back_again_and_again_costs_no_memory),
		cmocka_unit_test(finding_goes_on_while_modules_come_and_go),
		cmocka_unit_test(each_thread_has_its_own_block),
		cmocka_unit_test(a_module_opened_later_has_a_block_once_it_is_used),
		cmocka_unit_test(a_module_without_a_block_has_none),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}
