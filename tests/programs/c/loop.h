/* A loop of some kind, and the program that drives it: the loop_*.c files each bring one. */
#ifndef LOOP_H
#define LOOP_H

/*
 * Runs a loop until the callback was called `turns` times, once in each turn, numbered from 0.
 * Every turn follows a wait that ended because something happened. May be called again later.
 */
void loop_run(unsigned turns, void (*callback)(unsigned turn));

/* Ends the program with a message when a step of the test itself went wrong. */
#define REQUIRE(condition)                                              \
	do {                                                            \
		if (!(condition))                                       \
			require_failed(__FILE__, __LINE__, #condition); \
	} while (0)

__attribute__((noreturn)) void require_failed(const char *file, int line, const char *condition);

#endif
