/* From addresses to functions, files and lines: of programs made here, in all the ways their debug
 * information may lie. */
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

#include "symbols/symbols.h"

static char directory[] = "/tmp/yieldsan-test-XXXXXX";

/* Line numbers matter below. */
static const char source[] =
	"volatile int sink;\n"						   /* 1 */
	"static inline __attribute__((always_inline)) void inner(int x)\n" /* 2 */
	"{\n"								   /* 3 */
	"	sink += x;\n"						   /* 4 */
	"}\n"								   /* 5 */
	"static inline __attribute__((always_inline)) void outer(int x)\n" /* 6 */
	"{\n"								   /* 7 */
	"	inner(x + 1);\n"					   /* 8 */
	"}\n"								   /* 9 */
	"__attribute__((noinline)) void work(int x)\n"			   /* 10 */
	"{\n"								   /* 11 */
	"	outer(x);\n"						   /* 12 */
	"}\n"								   /* 13 */
	"int main(void)\n"						   /* 14 */
	"{\n"								   /* 15 */
	"	work(1);\n"						   /* 16 */
	"	return 0;\n"						   /* 17 */
	"}\n";								   /* 18 */

__attribute__((format(printf, 1, 2))) static void shell(const char *format, ...)
{
	char command[2048];
	va_list arguments;
	int used = snprintf(command, sizeof command, "cd %s && exec 2>&1; ", directory);

	va_start(arguments, format);
	vsnprintf(command + used, sizeof command - (size_t)used, format, arguments);
	va_end(arguments);
	if (system(command))
		fail_msg("failed: %s", command);
}

static int make_directory(void **state)
{
	FILE *file;
	char path[128];

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof path, "%s/work.c", directory);
	file = fopen(path, "w");
	fputs(source, file);
	return fclose(file);
}

static int remove_directory(void **state)
{
	(void)state;
	shell("rm -rf %s", directory);
	return 0;
}

struct looked_up {
	struct strings strings;
	struct symbols symbols;
	struct binary *binary;
};

static void open_binary(struct looked_up *look, const char *name, const uint8_t *build_id,
			size_t build_id_size)
{
	struct binary_key key = { .build_id_size = build_id_size };
	char path[256];

	strings_init(&look->strings);
	symbols_init(&look->symbols, &look->strings, directory);
	snprintf(path, sizeof path, "%s/%s", directory, name);
	key.path = strings_keep(&look->strings, path);
	if (build_id_size)
		memcpy(key.build_id, build_id, build_id_size);
	look->binary = symbols_binary(&look->symbols, &key);
	assert_ptr_equal(symbols_binary(&look->symbols, &key), look->binary);
}

static void close_binary(struct looked_up *look)
{
	symbols_deinit(&look->symbols);
	strings_deinit(&look->strings);
}

/* The address of the first instruction of line 4 as inlined into work(), by the linker's own word.
 */
static uint64_t address_of_work(const char *program)
{
	char command[512], line[128];
	FILE *pipe;
	uint64_t address;

	snprintf(command, sizeof command, "nm %s/%s | sed -n 's/ T work$//p'", directory, program);
	pipe = popen(command, "r");
	assert_non_null(fgets(line, sizeof line, pipe));
	pclose(pipe);
	address = strtoull(line, NULL, 16);
	assert_true(address);
	return address;
}

static void expect_inlined(const struct source_place *place)
{
	assert_int_equal(place->count, 3);
	assert_string_equal(place->frames[0].function, "inner");
	assert_true(place->frames[0].inlined);
	assert_int_equal(place->frames[0].line, 4);
	assert_string_equal(place->frames[1].function, "outer");
	assert_true(place->frames[1].inlined);
	assert_int_equal(place->frames[1].line, 8);
	assert_string_equal(place->frames[2].function, "work");
	assert_false(place->frames[2].inlined);
	assert_int_equal(place->frames[2].line, 12);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(place->frames[i].language, "C");
		assert_int_equal(strncmp(place->frames[i].file, directory, strlen(directory)), 0);
		assert_string_equal(strrchr(place->frames[i].file, '/'), "/work.c");
	}
}

static void expect_whole(const char *program, const char *unstripped)
{
	struct looked_up look;

	open_binary(&look, program, NULL, 0);
	assert_null(binary_problem(look.binary, UINT64_MAX));
	assert_true(binary_has_debug_info(look.binary));
	/* Some instruction of it is line 4: the first may be the setting up of the frame. */
	for (uint64_t at = address_of_work(unstripped);; at++) {
		const struct source_place *place = binary_find(look.binary, at);

		assert_string_equal(place->frames[place->count - 1].function, "work");
		if (place->count == 3) {
			expect_inlined(place);
			assert_ptr_equal(binary_find(look.binary, at), place);
			break;
		}
	}
	close_binary(&look);
}

static void inlined_calls_are_frames_of_their_own(void **state)
{
	(void)state;
	shell("gcc -g -O1 -o plain $PWD/work.c");
	expect_whole("plain", "plain");
	shell("gcc -gdwarf-4 -O1 -o dwarf4 work.c");
	expect_whole("dwarf4", "dwarf4");
}

static void compressed_debug_information_is_read(void **state)
{
	(void)state;
	shell("gcc -g -O1 -gz=zlib -o compressed work.c");
	expect_whole("compressed", "compressed");
}

static void split_debug_information_is_read(void **state)
{
	(void)state;
	shell("gcc -g -O1 -gsplit-dwarf -o split work.c");
	expect_whole("split", "split");
}

static void a_debug_file_is_found_by_its_link(void **state)
{
	(void)state;
	shell("gcc -g -O1 -o linked work.c && cp linked linked.full && mkdir -p .debug && "
	      "objcopy --only-keep-debug linked .debug/linked.debug && strip linked && "
	      "cd .debug && objcopy --add-gnu-debuglink=linked.debug ../linked");
	expect_whole("linked", "linked.full");
	/* Without a build-id the check sum decides. */
	shell("gcc -g -O1 -Wl,--build-id=none -o summed work.c && cp summed summed.full && "
	      "objcopy --only-keep-debug summed summed.debug && strip summed && "
	      "objcopy --add-gnu-debuglink=summed.debug summed");
	expect_whole("summed", "summed.full");
}

static void a_debug_file_of_another_build_is_not_taken(void **state)
{
	struct looked_up look;

	(void)state;
	shell("gcc -g -O1 -Wl,--build-id=none -o other work.c && "
	      "objcopy --only-keep-debug other other.debug && strip other && "
	      "objcopy --add-gnu-debuglink=other.debug other && printf x >> other.debug");
	open_binary(&look, "other", NULL, 0);
	assert_null(binary_problem(look.binary, UINT64_MAX));
	assert_false(binary_has_debug_info(look.binary));
	close_binary(&look);
}

static void symbols_that_a_stripped_program_carries_along_are_read(void **state)
{
	struct looked_up look;

	(void)state;
	shell("gcc -g -O1 -o mini work.c && cp mini mini.full && strip -o mini.symbols -g mini && "
	      "strip mini && xz -k mini.symbols && "
	      "objcopy --add-section .gnu_debugdata=mini.symbols.xz mini");
	open_binary(&look, "mini", NULL, 0);
	assert_string_equal(
		binary_find(look.binary, address_of_work("mini.full") + 1)->frames[0].function,
		"work");
	assert_false(binary_is_stripped(look.binary));
	close_binary(&look);
	shell("printf x | dd of=mini.symbols.xz bs=1 seek=100 conv=notrunc && cp mini.full broken "
	      "&& "
	      "strip broken && objcopy --add-section .gnu_debugdata=mini.symbols.xz broken");
	open_binary(&look, "broken", NULL, 0);
	assert_null(binary_find(look.binary, address_of_work("mini.full") + 1)->frames[0].function);
	close_binary(&look);
}

static const char *lack_of(struct looked_up *look, const char *name, const uint8_t *id, size_t size)
{
	open_binary(look, name, id, size);
	assert_null(binary_problem(look->binary, UINT64_MAX));
	return binary_has_debug_info(look->binary) ? "" : binary_lack(look->binary);
}

static void what_a_binary_lacks_is_told_with_its_remedy(void **state)
{
	static const uint8_t id[] = { 0x12, 0x34, 0x56, 0x78 };
	struct looked_up look;
	const char *lack;
	char expected[256];

	(void)state;
	unsetenv("DEBUGINFOD_URLS");
	shell("gcc -O1 -Wl,--build-id=0x12345678 -o lacking work.c && strip -o stripped lacking");
	lack = lack_of(&look, "lacking", id, sizeof id);
	snprintf(expected, sizeof expected,
		 "has no debug information, and there is no %s/.build-id/12/345678.debug: build it "
		 "with debug information",
		 directory);
	assert_int_equal(strncmp(lack, expected, strlen(expected)), 0);
	assert_non_null(strstr(lack, "DEBUGINFOD_URLS"));
	close_binary(&look);
	lack = lack_of(&look, "stripped", id, sizeof id);
	assert_int_equal(strncmp(lack, "is stripped, and there is no ", 29), 0);
	close_binary(&look);
}

/* elfutils reads zstd from 0.189 on: then nothing is reported. */
static void debug_information_that_cannot_be_unpacked_is_told(void **state)
{
	struct looked_up look;
	const char *lack;

	(void)state;
	shell("gcc -g -O1 -o plain work.c && "
	      "objcopy --compress-debug-sections=zstd plain zstd 2>/dev/null || cp plain zstd");
	lack = lack_of(&look, "zstd", NULL, 0);
	if (!binary_has_debug_info(look.binary)) {
		assert_non_null(strstr(lack, "packed in a way (zstd)"));
		assert_non_null(strstr(lack, "`objcopy --decompress-debug-sections "));
	}
	close_binary(&look);
}

static const uint8_t build_id[] = { 0xab, 0xcd, 0xef, 0x01, 0x02, 0x03, 0x04, 0x05 };

static void a_debug_file_is_found_by_its_build_id_even_when_the_program_is_gone(void **state)
{
	struct looked_up look;
	uint64_t work;

	(void)state;
	shell("gcc -g -O1 -Wl,--build-id=0xabcdef0102030405 -o gone work.c && cp gone gone.full && "
	      "mkdir -p .build-id/ab && "
	      "objcopy --only-keep-debug gone .build-id/ab/cdef0102030405.debug && rm gone");
	work = address_of_work("gone.full");
	open_binary(&look, "gone", build_id, sizeof build_id);
	assert_null(binary_problem(look.binary, 0));
	assert_string_equal(binary_find(look.binary, work)->frames[0].language, "C");
	close_binary(&look);
	open_binary(&look, "gone", build_id, sizeof build_id - 1);
	assert_non_null(strstr(binary_problem(look.binary, 0), "not there any more"));
	close_binary(&look);
}

static void a_file_that_was_rebuilt_is_refused(void **state)
{
	uint8_t another[20] = { 1, 2, 3 };
	struct looked_up look;

	(void)state;
	shell("gcc -g -O1 -o rebuilt work.c");
	open_binary(&look, "rebuilt", another, sizeof another);
	assert_non_null(strstr(binary_problem(look.binary, UINT64_MAX), "rebuilt since"));
	close_binary(&look);
	open_binary(&look, "rebuilt", NULL, 0); /* no build-id: by its age */
	assert_non_null(strstr(binary_problem(look.binary, 1000000000), "rebuilt since"));
	assert_null(binary_problem(look.binary, UINT64_MAX));
	close_binary(&look);
}

static void symbols_name_functions_without_debug_information(void **state)
{
	struct looked_up look;
	const struct source_place *place;

	(void)state;
	shell("gcc -O1 -o symbols work.c");
	open_binary(&look, "symbols", NULL, 0);
	place = binary_find(look.binary, address_of_work("symbols") + 1);
	assert_int_equal(place->count, 1);
	assert_string_equal(place->frames[0].function, "work");
	assert_null(place->frames[0].file);
	assert_false(binary_is_stripped(look.binary));
	close_binary(&look);
	/* A library that was stripped has the names it exports. */
	shell("gcc -O1 -shared -fPIC -o exported work.c && cp exported exported.full && "
	      "strip exported");
	open_binary(&look, "exported", NULL, 0);
	place = binary_find(look.binary, address_of_work("exported.full") + 1);
	assert_string_equal(place->frames[0].function, "work");
	assert_true(binary_is_stripped(look.binary));
	close_binary(&look);
}

static void addresses_of_nothing_are_frames_of_nothing(void **state)
{
	static const uint64_t addresses[] = { 0, 1, 0x40, UINT64_MAX, UINT64_MAX / 2 };
	struct looked_up look;

	(void)state;
	shell("gcc -g -O1 -o nothing work.c");
	open_binary(&look, "nothing", NULL, 0);
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		const struct source_place *place = binary_find(look.binary, addresses[i]);

		assert_int_equal(place->count, 1);
		assert_null(place->frames[0].function);
	}
	close_binary(&look);
}

static void what_is_no_program_is_told(void **state)
{
	struct looked_up look;

	(void)state;
	open_binary(&look, "work.c", NULL, 0);
	assert_string_equal(binary_problem(look.binary, UINT64_MAX), "is not an ELF file");
	close_binary(&look);
	shell("mkfifo fifo");
	open_binary(&look, "fifo", NULL, 0);
	assert_non_null(binary_problem(look.binary, UINT64_MAX));
	close_binary(&look);
}

/* A broken file may leave names out, or make them up: it must not harm. */
static void broken_debug_information_never_harms(void **state)
{
	char path[256];
	struct stat status;
	uint64_t random = 88172645463325252, work;

	(void)state;
	shell("gcc -g -O1 -o sound work.c");
	work = address_of_work("sound");
	snprintf(path, sizeof path, "%s/broken", directory);
	for (int round = 0; round < 60; round++) {
		struct looked_up look;
		FILE *file;

		shell("cp sound broken");
		assert_int_equal(stat(path, &status), 0);
		file = fopen(path, "r+");
		for (int i = 0; i < 200; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			/* The sections of debug information and symbols lie behind the code. */
			fseek(file, (long)(0x3000 + random % ((uint64_t)status.st_size - 0x3000)),
			      SEEK_SET);
			fputc((int)(random >> 40), file);
		}
		fclose(file);
		open_binary(&look, "broken", NULL, 0);
		if (!binary_problem(look.binary, UINT64_MAX))
			for (uint64_t at = work; at < work + 64; at++)
				assert_true(binary_find(look.binary, at)->count > 0);
		close_binary(&look);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inlined_calls_are_frames_of_their_own),
		cmocka_unit_test(compressed_debug_information_is_read),
		cmocka_unit_test(split_debug_information_is_read),
		cmocka_unit_test(a_debug_file_is_found_by_its_link),
		cmocka_unit_test(symbols_that_a_stripped_program_carries_along_are_read),
		cmocka_unit_test(what_a_binary_lacks_is_told_with_its_remedy),
		cmocka_unit_test(debug_information_that_cannot_be_unpacked_is_told),
		cmocka_unit_test(a_debug_file_of_another_build_is_not_taken),
		cmocka_unit_test(
			a_debug_file_is_found_by_its_build_id_even_when_the_program_is_gone),
		cmocka_unit_test(a_file_that_was_rebuilt_is_refused),
		cmocka_unit_test(symbols_name_functions_without_debug_information),
		cmocka_unit_test(addresses_of_nothing_are_frames_of_nothing),
		cmocka_unit_test(what_is_no_program_is_told),
		cmocka_unit_test(broken_debug_information_never_harms),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
