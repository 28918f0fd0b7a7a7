/* Stacks that lie: no frame information, garbage in registers, damaged modules. None may do harm.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "runtime/base/memory.h"
#include "stacks.h"
#include "runtime/unwind/unwind_rule.h"

static struct stack seen;

NOINLINE static void take(void)
{
	struct unwind_start here;

	UNWIND_HERE(&here);
	seen.depth = unwinder_walk(&here, seen.frames, seen.places, STACK_MAX);
	__asm__ volatile("" ::: "memory");
}

/* Functions without call frame information: one with a frame pointer, one that calls with any rbp.
 */
void by_frame_pointer(void (*call)(void));
void with_any_rbp(void (*call)(void), uintptr_t rbp);
__asm__(".text\n"
	".type by_frame_pointer, @function\n"
	"by_frame_pointer:\n"
	"	push %rbp\n"
	"	mov %rsp, %rbp\n"
	"	sub $48, %rsp\n"
	"	call *%rdi\n"
	"	leave\n"
	"	ret\n"
	".type with_any_rbp, @function\n"
	"with_any_rbp:\n"
	"	push %rbp\n"
	"	mov %rsi, %rbp\n"
	"	call *%rdi\n"
	"	pop %rbp\n"
	"	ret\n");

static void code_without_frame_information_is_walked_by_frame_pointer(void **state)
{
	(void)state;
	by_frame_pointer(take);
	assert_true(stack_has(&seen, (void *)by_frame_pointer, 16));
	assert_true(stack_has(
		&seen, (void *)code_without_frame_information_is_walked_by_frame_pointer, 256));
	assert_true(seen.depth > 3);
}

static void garbage_in_rbp_ends_a_walk(void **state)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0), page = (uintptr_t)&seen;
	const uintptr_t garbage[] = {
		0,
		1,
		8,
		0x1234567,
		UINTPTR_MAX,
		~7UL,
		1UL << 46,
		1UL << 47,
		1UL << 63,
		here - 65536,
		here + 1,
		here + 3,
		here + 65536,
		here + (1 << 20),
		here + (1 << 24),
		page & ~7UL,
		page + 4096,
		0xdeadbeefdeadbee8,
		0x7ffffffff000,
		here & ~4095UL,
	};

	(void)state;
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		with_any_rbp(take, garbage[i]);
		assert_true(stack_has(&seen, (void *)with_any_rbp, 16));
		assert_in_range(seen.depth, 2, STACK_MAX);
	}
}

static void a_loop_of_frame_pointers_ends(void **state)
{
	uintptr_t loop[2];

	(void)state;
	loop[0] = (uintptr_t)loop;
	loop[1] = (uintptr_t)with_any_rbp + 6;
	with_any_rbp(take, (uintptr_t)loop);
	assert_in_range(seen.depth, 2, 8);
}

static uint64_t random_word(void)
{
	static uint64_t word = 88172645463325252;

	word ^= word << 13;
	word ^= word >> 7;
	word ^= word << 17;
	return word;
}

/* Any code at all, with registers that have nothing to do with it. */
static void no_start_is_fatal(void **state)
{
	uint64_t frames[64];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct module *module = modules_at(random_word() % modules_count());
		struct unwind_start start;

		UNWIND_HERE(&start);
		start.pc = module->start + random_word() % (module->end - module->start);
		start.sp += random_word() % 4096 & ~7UL;
		switch (random_word() % 4) {
		case 0:
			start.bp = random_word();
			break;
		case 1:
			start.bp = random_word() >> 17;
			break;
		case 2:
			start.bp = start.sp + random_word() % 65536;
			break;
		}
		if (unwinder_walk(&start, frames, NULL, 64) > 64)
			fail();
	}
}

/* ---- frame information that names places outside its frame */

void saves_below(void);
void realigns_and_saves_below(void);
void by_rbp(void);
__asm__(".text\n"
	"saves_below:\n"
	"	.cfi_startproc\n"
	"	.cfi_def_cfa rsp, 16\n"
	"	.cfi_offset rbp, -64\n"
	"	.skip 8, 0x90\n"
	"	.cfi_endproc\n"
	"realigns_and_saves_below:\n"
	"	.cfi_startproc\n"
	"	.cfi_escape 0x0f, 3, 0x76, 0x78, 0x06\n" /* CFA: the word at rbp - 8 */
	"	.cfi_escape 0x10, 6, 2, 0x76, 0x40\n"	 /* rbp: at rbp - 64 */
	"	.skip 8, 0x90\n"
	"	.cfi_endproc\n"
	"by_rbp:\n"
	"	.cfi_startproc\n"
	"	.cfi_def_cfa rbp, 16\n"
	"	.cfi_offset rbp, -16\n"
	"	.skip 8, 0x90\n"
	"	.cfi_endproc\n");

static void call_by_rbp(uintptr_t *frame)
{
	frame[0] = 0;
	frame[1] = (uintptr_t)by_rbp + 4;
}

static size_t walk_from(void (*function)(void), const uintptr_t *sp, const uintptr_t *bp)
{
	const struct unwind_start start = {
		.pc = (uintptr_t)function + 4,
		.sp = (uintptr_t)sp,
		.bp = (uintptr_t)bp,
	};
	uint64_t frames[8];

	return unwinder_walk(&start, frames, NULL, 8);
}

/* Below the stack pointer lies what earlier calls left. */
static void a_frame_pointer_saved_below_its_frame_is_not_read(void **state)
{
	uintptr_t words[64] = { 0 };

	(void)state;
	call_by_rbp(&words[32]);
	words[26] = (uintptr_t)&words[40];
	call_by_rbp(&words[40]);
	assert_int_equal(walk_from(saves_below, &words[32], NULL), 2);
	/* One that is saved within its frame is followed there. */
	assert_int_equal(walk_from(by_rbp, &words[32], &words[40]), 2);
}

static void nor_is_that_of_a_realigned_stack(void **state)
{
	uintptr_t words[64] = { 0 };

	(void)state;
	words[35] = (uintptr_t)&words[38];
	call_by_rbp(&words[36]);
	words[28] = (uintptr_t)&words[44];
	call_by_rbp(&words[44]);
	assert_int_equal(walk_from(realigns_and_saves_below, &words[32], &words[36]), 2);
}

#define OWN_STACK (64 * MEMORY_PAGE)

static void *walks_beyond(void *stack)
{
	uintptr_t words[4] = { 0 }, *beyond = (uintptr_t *)((char *)stack + OWN_STACK) + 16;

	call_by_rbp(beyond);
	return (void *)walk_from(by_rbp, words, beyond);
}

static void a_frame_beyond_the_top_of_the_threads_stack_is_not_read(void **state)
{
	char *stack = mmap(NULL, OWN_STACK + MEMORY_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	void *depth = NULL;
	pthread_t thread;

	(void)state;
	assert_true(stack != MAP_FAILED);
	pthread_attr_init(&attributes);
	assert_int_equal(pthread_attr_setstack(&attributes, stack, OWN_STACK), 0);
	assert_int_equal(pthread_create(&thread, &attributes, walks_beyond, stack), 0);
	pthread_join(thread, &depth);
	assert_int_equal((size_t)depth, 1);
	munmap(stack, OWN_STACK + MEMORY_PAGE);
}

/* ---- foreign stacks */

static ucontext_t outer, inner;
static char *stack_end;

static void by_stack_end(void)
{
	/* Two words below the end of what is mapped, and what lies there claims to go on. */
	uintptr_t *last = (uintptr_t *)stack_end - 2;

	last[0] = (uintptr_t)(last + 2);
	last[1] = (uintptr_t)with_any_rbp + 6;
	with_any_rbp(take, (uintptr_t)last);
}

static void a_walk_stops_at_the_end_of_a_foreign_stack(void **state)
{
	size_t size = 16 * MEMORY_PAGE;
	char *stack = mmap(NULL, size + MEMORY_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(stack != MAP_FAILED);
	assert_int_equal(mprotect(stack + size, MEMORY_PAGE, PROT_NONE), 0);
	stack_end = stack + size;
	getcontext(&inner);
	inner.uc_stack.ss_sp = stack;
	inner.uc_stack.ss_size = size - 64;
	inner.uc_link = &outer;
	makecontext(&inner, by_stack_end, 0);
	swapcontext(&outer, &inner);
	assert_in_range(seen.depth, 2, STACK_MAX);
	munmap(stack, size + MEMORY_PAGE);
}

/* ---- damaged modules */

/* A copy of a module's image at another address. */
static struct module copy_of(const struct module *module)
{
	size_t size = (module->end - module->start + MEMORY_PAGE) & ~(size_t)(MEMORY_PAGE - 1);
	char *image = memory_map(size);
	struct module copy = *module;
	uintptr_t distance = (uintptr_t)image - module->start;

	assert_non_null(image);
	for (unsigned i = 0; i < module->phnum; i++) {
		const ElfW(Phdr) *segment = &module->phdr[i];
		uintptr_t start = module->base + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_R))
			memcpy((char *)(start + distance), (void *)start, segment->p_filesz);
	}
	copy.base += distance;
	copy.start += distance;
	copy.end += distance;
	copy.text_start += distance;
	copy.text_end += distance;
	copy.eh_frame_hdr += distance;
	return copy;
}

static void damaged_frame_information_is_survived(void **state)
{
	const struct module *module =
		modules_find((uintptr_t)damaged_frame_information_is_survived);
	struct module copy = copy_of(module);
	uintptr_t end = module_readable_until(&copy, copy.eh_frame_hdr);
	size_t known = 0;
	uint64_t rule;

	(void)state;
	assert_true(end > copy.eh_frame_hdr);
	for (int round = 0; round < 3000; round++) {
		uint8_t *byte = (uint8_t *)copy.eh_frame_hdr + 12 +
				random_word() % (end - copy.eh_frame_hdr - 12);

		*byte = (uint8_t)random_word();
		for (int i = 0; i < 30; i++)
			known += unwind_rule_make(&copy,
						  copy.text_start +
							  random_word() %
								  (copy.text_end - copy.text_start),
						  &rule) &&
				 !(rule & UNWIND_GUESS);
	}
	/* It was read: the first rounds found most of it whole. */
	assert_true(known > 30);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_without_frame_information_is_walked_by_frame_pointer),
		cmocka_unit_test(garbage_in_rbp_ends_a_walk),
		cmocka_unit_test(a_loop_of_frame_pointers_ends),
		cmocka_unit_test(no_start_is_fatal),
		cmocka_unit_test(a_frame_pointer_saved_below_its_frame_is_not_read),
		cmocka_unit_test(nor_is_that_of_a_realigned_stack),
		cmocka_unit_test(a_frame_beyond_the_top_of_the_threads_stack_is_not_read),
		cmocka_unit_test(a_walk_stops_at_the_end_of_a_foreign_stack),
		cmocka_unit_test(damaged_frame_information_is_survived),
	};

	return cmocka_run_group_tests(tests, stacks_init, NULL);
}
