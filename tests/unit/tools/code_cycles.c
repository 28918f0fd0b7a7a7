/* Which code comes to which call: along jumps, around loops, past functions that never return. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dlfcn.h>
#include <link.h>

#include <cmocka.h>

#include "machine_code/code_cycle.h"
#include "symbols/elf_file.h"

/* The code of each example is never run. Its labels are the return addresses of its calls. */
#define EXAMPLE(code)                                                                              \
	__asm__(".pushsection .text.examples, \"ax\", @progbits\n" code "\n.popsection\n")
#define LABEL(name) extern const char name[]

/* A call before a loop, one in it, one after it. */
EXAMPLE("before_loop:	call example_function\n"
	"before:\n"
	"1:	call example_function\n"
	"within:	test %eax, %eax\n"
	"	jne 1b\n"
	"	call example_function\n"
	"after:	ret\n"
	"end_of_loop:\n"
	"example_function: ret\n");
LABEL(before_loop);
LABEL(before);
LABEL(within);
LABEL(after);
LABEL(end_of_loop);

/* A call in each branch; the first one jumps over the second, by long and short jumps. */
EXAMPLE("	test %eax, %eax\n"
	"	.byte 0x0f, 0x84\n	.long 2f - . - 4\n" /* je, near */
	"	call example_function\n"
	"in_one:	jmp 3f\n"
	"2:	call example_function\n"
	"in_other: .byte 0xe9\n	.long 3f - . - 4\n" /* jmp, near */
	"	call example_function\n"
	"never:	ud2\n"
	"3:	call example_function\n"
	"joined:	ret\n");
LABEL(in_one);
LABEL(in_other);
LABEL(never);
LABEL(joined);

/* Nothing follows a call that does not return. */
EXAMPLE("	call example_function\n"
	"before_exit: call exit@PLT\n"
	"	call example_function\n"
	"behind_exit: call getpid@PLT\n"
	"	call example_function\n"
	"behind_getpid: call *%rax\n"
	"behind_pointer: jmp *%rax\n"
	"	call example_function\n"
	"behind_jump: ret\n");
LABEL(before_exit);
LABEL(behind_exit);
LABEL(behind_getpid);
LABEL(behind_pointer);
LABEL(behind_jump);

static struct elf_file object;
static uint64_t base;

static uint64_t at(const char *label)
{
	return (uintptr_t)label - base;
}

static bool comes(const char *from, const char *to)
{
	return code_comes_to(&object, at(from), at(to));
}

static bool leads(const char *begin, const char *end, const char *to)
{
	return code_leads_to(&object, at(begin), at(end), at(to));
}

static void a_loop_comes_to_itself_and_to_what_follows(void **state)
{
	(void)state;
	assert_true(comes(before, within));
	assert_true(comes(within, within));
	assert_true(comes(within, after));
	assert_false(comes(within, before));
	assert_false(comes(after, within));
	assert_false(comes(after, after));
}

static void what_precedes_a_loop_leads_to_it(void **state)
{
	(void)state;
	assert_true(leads(before_loop, end_of_loop, within));
	assert_true(leads(before_loop, end_of_loop, after));
	assert_false(leads(before_loop, end_of_loop, before));
	assert_false(leads(before, end_of_loop, within));
}

static void branches_meet_but_do_not_come_to_each_other(void **state)
{
	(void)state;
	assert_true(comes(in_one, joined));
	assert_true(comes(in_other, joined));
	assert_false(comes(in_one, in_other));
	assert_false(comes(in_other, never));
	assert_false(comes(never, joined));
}

static void nothing_follows_what_never_returns(void **state)
{
	(void)state;
	assert_false(comes(before_exit, behind_exit));
	assert_true(comes(behind_exit, behind_getpid));
	assert_true(comes(behind_getpid, behind_pointer));
	assert_false(comes(behind_pointer, behind_jump));
}

static void code_outside_the_file_comes_nowhere(void **state)
{
	static const struct elf_file closed;

	(void)state;
	assert_false(code_comes_to(&object, UINT64_MAX - 1, at(within)));
	assert_false(code_comes_to(&object, 0, at(within)));
	assert_false(code_comes_to(&closed, at(before), at(within)));
	assert_false(code_comes_to(NULL, at(before), at(within)));
}

static int open_own_file(void **state)
{
	Dl_info info;

	(void)state;
	if (!dladdr(before_loop, &info))
		return -1;
	base = (uintptr_t)info.dli_fbase;
	return elf_file_open(&object, "/proc/self/exe");
}

static int close_own_file(void **state)
{
	(void)state;
	elf_file_close(&object);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_comes_to_itself_and_to_what_follows),
		cmocka_unit_test(what_precedes_a_loop_leads_to_it),
		cmocka_unit_test(branches_meet_but_do_not_come_to_each_other),
		cmocka_unit_test(nothing_follows_what_never_returns),
		cmocka_unit_test(code_outside_the_file_comes_nowhere),
	};

	return cmocka_run_group_tests(tests, open_own_file, close_own_file);
}
