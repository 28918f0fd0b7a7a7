/*
 * A program that marks its own turns (yieldsan/yieldsan.h), in C and C++, at a fixed address or not:
 *
 *	marked turn|offload|outside|nested|allow|before_allowed|before_offload|in_parts|busy_allowed|
 *	       forbid|blocking
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include <yieldsan/yieldsan.h>

static const struct timespec a_while = { 0, 20000000 };

static void turn(void)
{
	yieldsan_turn_begin("marked");
	nanosleep(&a_while, NULL); /* EXPECT error nanosleep category=sleep case=turn */
	yieldsan_turn_end();
}

static void offload(void)
{
	yieldsan_turn_begin("marked");
	yieldsan_offload_begin();
	nanosleep(&a_while, NULL); /* EXPECT-NONE */
	yieldsan_offload_end();
	yieldsan_turn_end();
}

static void outside(void)
{
	nanosleep(&a_while, NULL); /* EXPECT-NONE */
	yieldsan_turn_begin("marked");
	yieldsan_turn_end();
	nanosleep(&a_while, NULL); /* EXPECT-NONE */
}

/* Each end is of the innermost begin, whichever of the two it is. */
static void nested(void)
{
	yieldsan_turn_begin("outer");
	yieldsan_turn_begin("inner");
	nanosleep(&a_while, NULL); /* EXPECT error nanosleep category=sleep case=nested */
	yieldsan_offload_begin();
	yieldsan_offload_begin();
	yieldsan_offload_end();
	nanosleep(&a_while, NULL); /* EXPECT-NONE */
	yieldsan_turn_begin("in the offload");
	nanosleep(&a_while, NULL); /* EXPECT error nanosleep category=sleep case=nested */
	yieldsan_turn_end();
	nanosleep(&a_while, NULL); /* EXPECT-NONE */
	yieldsan_offload_end();
	yieldsan_turn_end();
	nanosleep(&a_while, NULL); /* EXPECT error nanosleep category=sleep case=nested */
	yieldsan_turn_end();
	nanosleep(&a_while, NULL); /* EXPECT-NONE */

	/* Deeper than is recorded: the pairs are still counted. */
	for (int i = 0; i < 20; i++)
		yieldsan_turn_begin("deep");
	for (int i = 0; i < 20; i++)
		yieldsan_turn_end();
	nanosleep(&a_while, NULL); /* EXPECT-NONE */
}

static void allow(void)
{
	yieldsan_turn_begin("marked");
	YIELDSAN_ALLOW_BEGIN("no request waits yet");
	nanosleep(&a_while, NULL); /* EXPECT-NONE */
	YIELDSAN_ALLOW_BEGIN("within");
	nanosleep(&a_while, NULL); /* EXPECT-NONE */
	YIELDSAN_ALLOW_END();
	nanosleep(&a_while, NULL); /* EXPECT-NONE */
	YIELDSAN_ALLOW_END();
	nanosleep(&a_while, NULL); /* EXPECT error nanosleep category=sleep case=allow */
	yieldsan_turn_end();
	YIELDSAN_ALLOW_END();
	yieldsan_turn_begin("marked");
	nanosleep(&a_while, NULL); /* EXPECT error nanosleep category=sleep case=allow */
	yieldsan_turn_end();
}

/* A wait in the kernel that no call of libc makes. */
#define WAITS_UNSEEN(time)                                  \
	({                                                  \
		long result = SYS_nanosleep;                \
                                                            \
		__asm__ volatile("syscall"                  \
				 : "+a"(result)             \
				 : "D"(time), "S"(0)        \
				 : "rcx", "r11", "memory"); \
		result;                                     \
	})

static const struct timespec long_while = { 0, 300000000 };

static void before_allowed(void)
{
	yieldsan_turn_begin("marked");
	WAITS_UNSEEN(&long_while); /* EXPECT error waiting kind=long-turn case=before_allowed */
	YIELDSAN_ALLOW_BEGIN("nothing at all");
	YIELDSAN_ALLOW_END();
	yieldsan_turn_end();
}

static void before_offload(void)
{
	yieldsan_turn_begin("marked");
	WAITS_UNSEEN(&long_while); /* EXPECT error waiting kind=long-turn case=before_offload */
	yieldsan_offload_begin();
	WAITS_UNSEEN(&a_while);
	yieldsan_offload_end();
	yieldsan_turn_end();
}

/* Longer in what is allowed than in the turn. */
static void in_parts(void)
{
	const struct timespec longer_while = { 0, 500000000 };

	yieldsan_turn_begin("marked");
	YIELDSAN_ALLOW_BEGIN("long");
	WAITS_UNSEEN(&longer_while); /* EXPECT-NONE */
	YIELDSAN_ALLOW_END();
	WAITS_UNSEEN(&long_while); /* EXPECT error waiting kind=long-turn case=in_parts */
	yieldsan_offload_begin();
	WAITS_UNSEEN(&longer_while); /* EXPECT-NONE */
	yieldsan_offload_end();
	WAITS_UNSEEN(&a_while);
	yieldsan_turn_end();
}

/* What is used of the processor there does not make the turn a busy one. */
static void busy_allowed(void)
{
	struct timespec used;

	yieldsan_turn_begin("marked");
	WAITS_UNSEEN(&long_while); /* EXPECT error waiting kind=long-turn case=busy_allowed */
	YIELDSAN_ALLOW_BEGIN("busy");
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used); /* EXPECT-NONE */
	while (used.tv_nsec < 400000000);
	YIELDSAN_ALLOW_END();
	yieldsan_turn_end();

	yieldsan_turn_begin("marked");
	YIELDSAN_ALLOW_BEGIN("all of it");
	WAITS_UNSEEN(&long_while); /* EXPECT-NONE */
	YIELDSAN_ALLOW_END();
	yieldsan_turn_end();
}

static void forbid(void)
{
	yieldsan_turn_begin("marked");
	YIELDSAN_ALLOW_BEGIN("a part of it");
	nanosleep(&a_while, NULL); /* EXPECT-NONE */
	YIELDSAN_FORBID_BEGIN();
	nanosleep(&a_while, NULL); /* EXPECT error nanosleep category=sleep case=forbid */
	YIELDSAN_ALLOW_BEGIN("within");
	nanosleep(&a_while, NULL); /* EXPECT-NONE */
	YIELDSAN_ALLOW_END();
	nanosleep(&a_while, NULL); /* EXPECT error nanosleep category=sleep case=forbid */
	YIELDSAN_FORBID_END();
	WAITS_UNSEEN(&long_while); /* EXPECT-NONE */
	YIELDSAN_ALLOW_END();
	yieldsan_turn_end();
}

__attribute__((noinline)) static void query(unsigned within)
{
	YIELDSAN_BLOCKING(); /* EXPECT error YIELDSAN_BLOCKING category=other case=blocking */

	WAITS_UNSEEN(&long_while);
	nanosleep(&a_while, NULL); /* EXPECT-NONE */
	if (within)
		query(within - 1);
}

static jmp_buf back;

__attribute__((noinline)) static void left(void)
{
	YIELDSAN_BLOCKING(); /* EXPECT error YIELDSAN_BLOCKING category=other case=blocking */

	nanosleep(&a_while, NULL); /* EXPECT-NONE */
	longjmp(back, 1);
}

static void blocking(void)
{
	query(1); /* outside turns */
	yieldsan_turn_begin("marked");
	query(0);
	query(2);
	YIELDSAN_ALLOW_BEGIN("known");
	query(0);
	YIELDSAN_ALLOW_END();
	yieldsan_offload_begin();
	query(0);
	yieldsan_offload_end();
	if (!setjmp(back))
		left();
	yieldsan_turn_end();
	yieldsan_turn_begin("marked");
	query(0);
	nanosleep(&a_while, NULL); /* EXPECT error nanosleep category=sleep case=blocking */
	yieldsan_turn_end();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} cases[] = {
		{ "turn", turn },
		{ "offload", offload },
		{ "outside", outside },
		{ "nested", nested },
		{ "allow", allow },
		{ "before_allowed", before_allowed },
		{ "before_offload", before_offload },
		{ "in_parts", in_parts },
		{ "busy_allowed", busy_allowed },
		{ "forbid", forbid },
		{ "blocking", blocking },
	};

	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
		if (argc == 2 && !strcmp(argv[1], cases[i].name)) {
			cases[i].run();
			printf("done\n");
			return 0;
		}
	return 99;
}
