/*
 * A program that marks its own turns (yieldsan/yieldsan.h), in C and C++, at a fixed address or not:
 *
 *	marked turn|offload|outside|nested|allow
 */
#include <stdio.h>
#include <string.h>
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

	/* Deeper than can be told apart: the pairs are counted all the same. */
	for (int i = 0; i < 20; i++)
		yieldsan_turn_begin("deep");
	for (int i = 0; i < 20; i++)
		yieldsan_turn_end();
	nanosleep(&a_while, NULL); /* EXPECT-NONE */
}

static void allow(void)
{
	yieldsan_turn_begin("marked");
	YIELDSAN_ALLOW_BEGIN("nobody waits yet");
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
	};

	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
		if (argc == 2 && !strcmp(argv[1], cases[i].name)) {
			cases[i].run();
			printf("done\n");
			return 0;
		}
	return 99;
}
