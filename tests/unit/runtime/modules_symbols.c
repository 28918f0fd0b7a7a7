/* Symbols of modules: the exported ones from memory, the others from the file. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/modules/modules.h"

static int init(void **state)
{
	(void)state;
	modules_scan(NULL, NULL);
	return 0;
}

static const struct module *libc(void)
{
	return modules_find((uintptr_t)dlsym(RTLD_NEXT, "qsort"));
}

static void an_exported_symbol_is_where_the_loader_finds_it(void **state)
{
	static const char *const names[] = { "qsort",	"fopen", "environ", "getenv",
					     "bsearch", "glob",	 "regexec", "pthread_cond_wait" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(module_symbol(libc(), names[i]),
				 (uintptr_t)dlsym(RTLD_NEXT, names[i]));
}

static void what_is_not_exported_is_not_found(void **state)
{
	(void)state;
	assert_int_equal(module_symbol(libc(), "no_such_symbol_anywhere"), 0);
	assert_int_equal(module_symbol(libc(), ""), 0);
	/* Chosen at run time, thread-local: neither has an address that could be shown. */
	assert_int_equal(module_symbol(libc(), "memcpy"), 0);
	assert_int_equal(module_symbol(libc(), "errno"), 0);
}

static void a_symbol_has_its_size(void **state)
{
	struct symbol_extent extent = module_symbol_extent(libc(), "environ");

	(void)state;
	assert_int_equal(extent.size, sizeof(char **));
	assert_int_equal(module_symbol_extent(libc(), "nothing").address, 0);
}

static void an_address_leads_to_its_symbol(void **state)
{
	uintptr_t qsort_r = module_symbol(libc(), "qsort_r");

	(void)state;
	assert_string_equal(module_symbol_at(libc(), qsort_r), "qsort_r");
	assert_string_equal(module_symbol_at(libc(), qsort_r + 10), "qsort_r");
	assert_null(module_symbol_at(libc(), libc()->start));
}

/* Its dynamic section is not relocated, and it has no file. */
static void the_vdso_is_a_module_like_others(void **state)
{
	const struct module *vdso = modules_find(getauxval(AT_SYSINFO_EHDR));
	uintptr_t clock;

	(void)state;
	if (!vdso)
		skip();
	clock = module_symbol(vdso, "__vdso_clock_gettime");
	assert_true(clock >= vdso->text_start && clock < vdso->text_end);
	assert_string_equal(vdso->path, "linux-vdso.so.1");
}

/* ---- all functions */

struct search {
	const char *name;
	uintptr_t start, end;
	unsigned total;
};

static void visit(const struct symbol_range *symbol, void *data)
{
	struct search *search = data;

	search->total++;
	if (!strcmp(symbol->name, search->name)) {
		search->start = symbol->start;
		search->end = symbol->end;
	}
}

static void functions_that_are_not_exported_are_in_the_file(void **state)
{
	struct search search = { .name = "functions_that_are_not_exported_are_in_the_file" };
	uintptr_t here = (uintptr_t)functions_that_are_not_exported_are_in_the_file;

	(void)state;
	assert_int_equal(module_symbol(modules_at(0), search.name), 0);
	assert_true(module_each_function(modules_at(0), visit, &search));
	assert_int_equal(search.start, here);
	assert_true(search.end > here);
}

static void exported_functions_are_visited_in_a_stripped_file(void **state)
{
	struct search search = { .name = "qsort" };

	(void)state;
	module_each_function(libc(), visit, &search);
	assert_int_equal(search.start, (uintptr_t)dlsym(RTLD_NEXT, "qsort"));
	assert_true(search.total > 1000);
}

static void another_file_in_its_place_is_not_believed(void **state)
{
	struct search search = { .name = "visit" };
	struct module replaced = *libc();

	(void)state;
	replaced.path = modules_at(0)->path;
	assert_false(module_each_function(&replaced, visit, &search));
	assert_int_equal(search.start, 0);
	replaced = *modules_at(0);
	replaced.build_id[3] ^= 1;
	assert_false(module_each_function(&replaced, visit, &search));
	replaced.path = "/proc/self/nonexistent";
	replaced.is_program = false;
	assert_false(module_each_function(&replaced, visit, &search));
}

static void no_descriptor_stays_open(void **state)
{
	struct search search = { .name = "" };
	int before = dup(0), after;

	(void)state;
	close(before);
	module_each_function(modules_at(0), visit, &search);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exported_symbol_is_where_the_loader_finds_it),
		cmocka_unit_test(what_is_not_exported_is_not_found),
		cmocka_unit_test(a_symbol_has_its_size),
		cmocka_unit_test(an_address_leads_to_its_symbol),
		cmocka_unit_test(the_vdso_is_a_module_like_others),
		cmocka_unit_test(functions_that_are_not_exported_are_in_the_file),
		cmocka_unit_test(exported_functions_are_visited_in_a_stripped_file),
		cmocka_unit_test(another_file_in_its_place_is_not_believed),
		cmocka_unit_test(no_descriptor_stays_open),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}
