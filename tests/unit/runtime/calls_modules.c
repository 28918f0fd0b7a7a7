/* dlopen and dlsym still know their caller, and what was loaded is looked at in time. */
#include "calls_seen.h"

#include "runtime/modules/modules.h"
#include "runtime/process/process.h"

static char directory[] = "/tmp/yieldsan-modules-XXXXXX";
static bool built;

static const char inner_source[] = "int inner(void) { return 42; }\n";

/* It calls by pointer what the test gives it: the call is its own, the function is the wrapper. */
static const char outer_source[] =
	"#define _GNU_SOURCE\n"
	"#include <dlfcn.h>\n"
	"void *(*open_it)(const char *, int);\n"
	"void *(*open_in)(Lmid_t, const char *, int);\n"
	"void *(*find)(void *, const char *);\n"
	"static int call(void *handle)\n"
	"{\n"
	"	int (*inner)(void) = handle ? find(handle, \"inner\") : 0;\n"
	"	int result = inner ? inner() : -1;\n"
	"	if (handle)\n"
	"		dlclose(handle);\n"
	"	return result;\n"
	"}\n"
	"int by_name(void) { return call(open_it(\"libyieldsan-inner.so\", RTLD_NOW)); }\n"
	"int by_origin(void)\n"
	"{\n"
	"	return call(open_it(\"$ORIGIN/sub/libyieldsan-inner.so\", RTLD_NOW));\n"
	"}\n"
	"int by_space(void)\n"
	"{\n"
	"	return call(open_in(LM_ID_BASE, \"libyieldsan-inner.so\", RTLD_NOW));\n"
	"}\n"
	"int own_symbol(void) { return 7; }\n"
	"int finds_itself(void) { return find(RTLD_DEFAULT, \"own_symbol\") == (void *)own_symbol; "
	"}\n"
	"int finds_next(void) { return find(RTLD_NEXT, \"finds_next\") == 0; }\n"
	"void *keeps(void) { return open_it(\"libyieldsan-inner.so\", RTLD_NOW); }\n";

static bool write_source(const char *name, const char *source)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	file = fopen(path, "w");
	if (!file)
		return false;
	fputs(source, file);
	return !fclose(file);
}

static bool build(void)
{
	char command[512];

	if (!mkdtemp(directory) || !write_source("inner.c", inner_source) ||
	    !write_source("outer.c", outer_source))
		return false;
	snprintf(command, sizeof command,
		 "cd %s && mkdir sub && cc -shared -fPIC -o sub/libyieldsan-inner.so inner.c && "
		 "cc -shared -fPIC -Wl,--enable-new-dtags -Wl,-rpath,'$ORIGIN/sub' "
		 "-o libouter.so outer.c >/dev/null 2>&1",
		 directory);
	return !system(command);
}

static void *outer;

static int ask(const char *name)
{
	return ((int (*)(void))dlsym(outer, name))();
}

static void open_outer(void)
{
	char path[128];

	if (!built)
		skip();
	snprintf(path, sizeof path, "%s/libouter.so", directory);
	outer = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	assert_non_null(outer);
	*(void **)dlsym(outer, "open_it") = (void *)dlopen;
	*(void **)dlsym(outer, "open_in") = (void *)dlmopen;
	*(void **)dlsym(outer, "find") = (void *)dlsym;
}

static void a_callers_search_path_counts(void **state)
{
	int by_name, by_origin, by_space;

	(void)state;
	open_outer();
	for (int in_turn = 0; in_turn < 2; in_turn++) {
		if (in_turn)
			turn_enter();
		by_name = ask("by_name");
		by_origin = ask("by_origin");
		by_space = ask("by_space");
		if (in_turn)
			turn_leave();
		assert_int_equal(by_name, 42);
		assert_int_equal(by_origin, 42);
		assert_int_equal(by_space, 42);
	}
	dlclose(outer);
}

static void symbols_are_looked_for_from_the_caller(void **state)
{
	(void)state;
	open_outer();
	assert_int_equal(ask("finds_itself"), 1);
	assert_int_equal(ask("finds_next"), 1);
	assert_null(dlsym(RTLD_DEFAULT, "own_symbol")); /* local to it */
	dlclose(outer);
}

static void what_was_opened_is_known_at_once(void **state)
{
	uintptr_t address;

	(void)state;
	open_outer();
	address = (uintptr_t)dlsym(outer, "own_symbol");
	assert_non_null(modules_find(address));
	assert_string_equal(module_name(modules_find(address)), "libouter.so");
	dlclose(outer);
	assert_null(modules_find(address));
}

/* Opened by a jump: looked at before its first thread or event queue. */
static void what_was_opened_by_a_search_is_known_in_time(void **state)
{
	uintptr_t address;
	void *inner;

	(void)state;
	open_outer();
	inner = ((void *(*)(void))dlsym(outer, "keeps"))();
	assert_true(modules_may_have_changed);
	close(epoll_create1(0));
	assert_false(modules_may_have_changed);
	address = (uintptr_t)dlsym(inner, "inner");
	assert_non_null(modules_find(address));
	dlclose(inner);
	dlclose(outer);
}

static void a_failure_leaves_its_message(void **state)
{
	(void)state;
	assert_null(dlopen("/proc/self/nonexistent/libnone.so", RTLD_NOW));
	assert_non_null(strstr(dlerror(), "libnone.so"));
	assert_null(dlsym(RTLD_DEFAULT, "no_such_symbol_anywhere"));
	assert_non_null(strstr(dlerror(), "no_such_symbol_anywhere"));
	turn_enter();
	assert_null(dlopen("libyieldsan-none.so", RTLD_NOW));
	turn_leave();
	assert_non_null(strstr(dlerror(), "libyieldsan-none.so"));
	assert_null(dlerror());
}

static int setup(void **state)
{
	(void)state;
	built = build();
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", directory);
	(void)!system(command);
	return seen_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_callers_search_path_counts),
		cmocka_unit_test(symbols_are_looked_for_from_the_caller),
		cmocka_unit_test(what_was_opened_is_known_at_once),
		cmocka_unit_test(what_was_opened_by_a_search_is_known_in_time),
		cmocka_unit_test(a_failure_leaves_its_message),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
