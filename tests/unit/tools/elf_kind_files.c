/* Files are made by the compiler and then changed, as far as they are not on every machine. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tools/elf_kind.h"

static char directory[] = "/tmp/elf_kind.XXXXXX";
static char path[256];
static struct elf_kind kind;

static const char *in_directory(const char *name)
{
	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static int compile(const char *name, const char *flags)
{
	char command[512];

	snprintf(command, sizeof command,
		 "echo 'int main(void){return 0;}' | gcc -x c %s -o %s/%s - 2>/dev/null", flags,
		 directory, name);
	return system(command);
}

static void patch(const char *name, off_t at, const void *bytes, size_t size)
{
	int fd = open(in_directory(name), O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, at), size);
	close(fd);
}

static void this_very_program_is_dynamic_glibc(void **state)
{
	(void)state;
	assert_int_equal(elf_kind_read_all(&kind, "/proc/self/exe"), 0);
	assert_int_equal(kind.linkage, LINKAGE_DYNAMIC);
	assert_int_equal(kind.libc, LIBC_GLIBC);
	assert_true(elf_kind_is_native(&kind));
	assert_string_equal(elf_kind_machine(&kind), "x86-64");
	assert_true(kind.symbols);
	assert_int_equal(kind.privileges, 0);
}

/* `run' waits for this before the program starts: it reads no symbols. */
static void headers_alone_are_enough_to_start_it(void **state)
{
	(void)state;
	assert_int_equal(elf_kind_read(&kind, "/proc/self/exe"), 0);
	assert_int_equal(kind.linkage, LINKAGE_DYNAMIC);
	assert_int_equal(kind.libc, LIBC_GLIBC);
	assert_true(elf_kind_is_native(&kind));
	assert_false(kind.symbols);
	assert_false(kind.debug_info);
}

static void static_programs_are_recognised(void **state)
{
	(void)state;
	if (compile("static", "-static"))
		skip();
	assert_int_equal(elf_kind_read_all(&kind, in_directory("static")), 0);
	assert_int_equal(kind.linkage, LINKAGE_STATIC);
	assert_int_equal(compile("static-pie", "-static-pie"), 0);
	assert_int_equal(elf_kind_read_all(&kind, in_directory("static-pie")), 0);
	assert_int_equal(kind.linkage, LINKAGE_STATIC_PIE);
}

static void programs_without_pie_are_dynamic_too(void **state)
{
	(void)state;
	assert_int_equal(compile("plain", "-no-pie -g"), 0);
	assert_int_equal(elf_kind_read_all(&kind, in_directory("plain")), 0);
	assert_int_equal(kind.linkage, LINKAGE_DYNAMIC);
	assert_true(kind.debug_info);
	assert_true(kind.symbols);
}

static void what_is_stripped_has_no_symbols(void **state)
{
	(void)state;
	assert_int_equal(compile("stripped", "-s"), 0);
	assert_int_equal(elf_kind_read_all(&kind, in_directory("stripped")), 0);
	assert_false(kind.symbols);
	assert_false(kind.debug_info);
}

static void libraries_and_objects_are_no_programs(void **state)
{
	(void)state;
	assert_int_equal(compile("lib.so", "-shared -fPIC"), 0);
	assert_int_equal(elf_kind_read_all(&kind, in_directory("lib.so")), 0);
	assert_int_equal(kind.linkage, LINKAGE_LIBRARY);
	assert_int_equal(compile("object.o", "-c"), 0);
	assert_int_equal(elf_kind_read_all(&kind, in_directory("object.o")), 0);
	assert_int_equal(kind.linkage, LINKAGE_OBJECT);
}

static void the_loader_is_known(void **state)
{
	(void)state;
	assert_int_equal(elf_kind_read_all(&kind, "/lib64/ld-linux-x86-64.so.2"), 0);
	assert_int_equal(kind.linkage, LINKAGE_LOADER);
	assert_int_equal(kind.libc, LIBC_GLIBC);
}

static void musl_is_told_by_the_interpreter(void **state)
{
	(void)state;
	assert_int_equal(compile("musl", "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1"), 0);
	assert_int_equal(elf_kind_read_all(&kind, in_directory("musl")), 0);
	assert_int_equal(kind.libc, LIBC_MUSL);
}

static void other_machines_are_named(void **state)
{
	uint16_t machine = EM_AARCH64;

	(void)state;
	assert_int_equal(compile("foreign", ""), 0);
	patch("foreign", offsetof(Elf64_Ehdr, e_machine), &machine, sizeof machine);
	assert_int_equal(elf_kind_read_all(&kind, in_directory("foreign")), 0);
	assert_false(elf_kind_is_native(&kind));
	assert_string_equal(elf_kind_machine(&kind), "aarch64");
	machine = 0x1234;
	patch("foreign", offsetof(Elf64_Ehdr, e_machine), &machine, sizeof machine);
	assert_int_equal(elf_kind_read_all(&kind, in_directory("foreign")), 0);
	assert_string_equal(elf_kind_machine(&kind), "ELF machine 4660");
}

static void privileges_are_seen(void **state)
{
	(void)state;
	assert_int_equal(compile("setuid", ""), 0);
	assert_int_equal(chmod(in_directory("setuid"), 04755), 0);
	assert_int_equal(elf_kind_read_all(&kind, path), 0);
	assert_int_equal(kind.privileges, PRIVILEGE_SETUID);
	assert_int_equal(chmod(path, 02755), 0);
	assert_int_equal(elf_kind_read_all(&kind, path), 0);
	assert_int_equal(kind.privileges, PRIVILEGE_SETGID);
}

static void a_needed_sanitizer_is_named(void **state)
{
	(void)state;
	if (compile("asan", "-fsanitize=address"))
		skip();
	assert_int_equal(elf_kind_read_all(&kind, in_directory("asan")), 0);
	assert_memory_equal(kind.sanitizer, "libasan.so", strlen("libasan.so"));
}

static void loops_linked_in_are_told_by_their_functions(void **state)
{
	(void)state;
	assert_int_equal(compile("loop", "-Duv_run=uv_run -include /dev/null"), 0);
	assert_int_equal(elf_kind_read_all(&kind, in_directory("loop")), 0);
	assert_int_equal(kind.engines, 0);
	assert_int_equal(compile("loop", "-Dmain='main(void){return 0;} int uv_run'"), 0);
	assert_int_equal(elf_kind_read_all(&kind, in_directory("loop")), 0);
	assert_int_equal(kind.engines, 1u << ENGINE_libuv);
}

static void what_is_no_elf_file_is_told(void **state)
{
	FILE *file = fopen(in_directory("text"), "w");

	(void)state;
	fputs("#!/bin/sh\n", file);
	fclose(file);
	assert_int_equal(elf_kind_read_all(&kind, path), -ENOEXEC);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(elf_kind_read_all(&kind, path), -ENOEXEC);
	assert_int_equal(elf_kind_read_all(&kind, directory), -ENOEXEC);
	assert_int_equal(elf_kind_read_all(&kind, "/nowhere/at/all"), -ENOENT);
}

/* Wherever a file is cut off or wrong, reading it ends, within its bounds. */
static void damaged_files_are_harmless(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(compile("damaged", "-s"), 0);
	assert_int_equal(stat(in_directory("damaged"), &status), 0);
	for (off_t at = 16; at < 1024; at += 4) {
		patch("damaged", at, "\xff\xff\xff\xff", 4);
		elf_kind_read_all(&kind, in_directory("damaged"));
		if (at % 64 == 0)
			assert_int_equal(compile("damaged", "-s"), 0);
	}
	for (off_t size = status.st_size; size > 0; size -= 101) {
		assert_int_equal(truncate(in_directory("damaged"), size), 0);
		elf_kind_read_all(&kind, path);
	}
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", directory);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_very_program_is_dynamic_glibc),
		cmocka_unit_test(headers_alone_are_enough_to_start_it),
		cmocka_unit_test(static_programs_are_recognised),
		cmocka_unit_test(programs_without_pie_are_dynamic_too),
		cmocka_unit_test(what_is_stripped_has_no_symbols),
		cmocka_unit_test(libraries_and_objects_are_no_programs),
		cmocka_unit_test(the_loader_is_known),
		cmocka_unit_test(musl_is_told_by_the_interpreter),
		cmocka_unit_test(other_machines_are_named),
		cmocka_unit_test(privileges_are_seen),
		cmocka_unit_test(a_needed_sanitizer_is_named),
		cmocka_unit_test(loops_linked_in_are_told_by_their_functions),
		cmocka_unit_test(what_is_no_elf_file_is_told),
		cmocka_unit_test(damaged_files_are_harmless),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
