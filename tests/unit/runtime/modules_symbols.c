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

/* ---- a library that was linked with --hash-style=sysv */

#define BUCKETS 3
enum { NO_SYMBOL, PRINTF, EXIT, SYSCALL, IMPORTED, SYMBOLS };

/* Known values of the gABI's hash function. */
static const uint32_t hashes[SYMBOLS] = {
	[PRINTF] = 0x077905a6, [EXIT] = 0x0006cf04, [SYSCALL] = 0x0b09985c
};

static struct {
	ElfW(Dyn) dynamic[6];
	ElfW(Sym) symbols[SYMBOLS];
	char strings[32];
	uint32_t hash[2 + BUCKETS + SYMBOLS];
} old;

/* This program with these symbols. Each is first in its bucket, before those of lower numbers. */
static struct module old_style(void)
{
	uint32_t *buckets = old.hash + 2, *chain = buckets + BUCKETS;
	struct module module = *modules_at(0);
	const char *names[SYMBOLS] = { "", "printf", "exit", "syscall", "imported" };
	size_t used = 0;

	memset(&old, 0, sizeof old);
	old.hash[0] = BUCKETS;
	old.hash[1] = SYMBOLS;
	for (uint32_t i = 0; i < SYMBOLS; i++) {
		old.symbols[i].st_name = (uint32_t)used;
		strcpy(old.strings + used, names[i]);
		used += strlen(names[i]) + 1;
		if (!hashes[i])
			continue;
		old.symbols[i].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
		old.symbols[i].st_shndx = 1;
		old.symbols[i].st_value = 0x1000 * i;
		old.symbols[i].st_size = 16;
		chain[i] = buckets[hashes[i] % BUCKETS];
		buckets[hashes[i] % BUCKETS] = i;
	}
	old.dynamic[0] = (ElfW(Dyn)){ DT_SYMTAB, { .d_ptr = (uintptr_t)old.symbols } };
	old.dynamic[1] = (ElfW(Dyn)){ DT_STRTAB, { .d_ptr = (uintptr_t)old.strings } };
	old.dynamic[2] = (ElfW(Dyn)){ DT_STRSZ, { .d_val = sizeof old.strings } };
	old.dynamic[3] = (ElfW(Dyn)){ DT_HASH, { .d_ptr = (uintptr_t)old.hash } };
	module.dynamic = (uintptr_t)old.dynamic;
	return module;
}

static void symbols_of_an_old_hash_table_are_found(void **state)
{
	struct module module = old_style();

	(void)state;
	assert_int_equal(module_symbol(&module, "printf"), module.base + 0x1000 * PRINTF);
	assert_int_equal(module_symbol(&module, "exit"), module.base + 0x1000 * EXIT);
	assert_int_equal(module_symbol_extent(&module, "syscall").size, 16);
	assert_int_equal(module_symbol(&module, "imported"), 0);
	assert_int_equal(module_symbol(&module, "other"), 0);
	assert_string_equal(module_symbol_at(&module, module.base + 0x1000 * EXIT + 8), "exit");
}

/* A chain that leads to itself, or out of the table, ends. */
static void a_broken_old_hash_table_holds_nothing(void **state)
{
	struct module module = old_style();
	uint32_t *buckets = old.hash + 2, *chain = buckets + BUCKETS;

	(void)state;
	for (uint32_t i = 0; i < SYMBOLS; i++)
		chain[i] = i;
	for (uint32_t i = 0; i < BUCKETS; i++)
		buckets[i] = IMPORTED;
	assert_int_equal(module_symbol(&module, "printf"), 0);
	for (uint32_t i = 0; i < BUCKETS; i++)
		buckets[i] = 1u << 30;
	assert_int_equal(module_symbol(&module, "printf"), 0);
	old.hash[0] = 0;
	assert_int_equal(module_symbol(&module, "printf"), 0);
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
		cmocka_unit_test(symbols_of_an_old_hash_table_are_found),
		cmocka_unit_test(a_broken_old_hash_table_holds_nothing),
		cmocka_unit_test(functions_that_are_not_exported_are_in_the_file),
		cmocka_unit_test(exported_functions_are_visited_in_a_stripped_file),
		cmocka_unit_test(another_file_in_its_place_is_not_believed),
		cmocka_unit_test(no_descriptor_stays_open),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}
