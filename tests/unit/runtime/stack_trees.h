/* Random trees of calls: some three hundred distinct stacks, most of them many times, at few stack
 * pointers. */
#ifndef TESTS_STACK_TREES_H
#define TESTS_STACK_TREES_H

#include <stdint.h>

#include "stacks.h"

/* What is called at the end of each branch, and how often it was. */
static void (*tree_leaf)(void);
static unsigned tree_leaves;

static uint64_t random_state = 0x9e3779b97f4a7c15;

static unsigned random_below(unsigned limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % limit;
}

NOINLINE static void grow_a(unsigned depth);
NOINLINE static void grow_b(unsigned depth);
NOINLINE static void grow_c(unsigned depth);

static void branch(unsigned depth)
{
	void (*const ways[])(unsigned) = { grow_a, grow_b, grow_c };

	if (!depth || !random_below(6)) {
		tree_leaf();
		tree_leaves++;
		return;
	}
	for (int i = 0; i < 2; i++)
		ways[random_below(3)](depth - 1);
}

static void grow_a(unsigned depth)
{
	branch(depth);
	__asm__ volatile("");
}

static void grow_b(unsigned depth)
{
	volatile char room[72] = { 0 };

	branch(depth);
	room[1] = room[0];
}

static void grow_c(unsigned depth)
{
	volatile char *room = __builtin_alloca(16 + random_below(3) * 32);

	room[0] = 1;
	branch(depth);
	room[1] = 2;
}

static inline void stack_trees_grow(void (*leaf)(void))
{
	tree_leaf = leaf;
	for (int i = 0; i < 400; i++)
		grow_a(5);
	assert_true(tree_leaves > 2000);
}

#endif
