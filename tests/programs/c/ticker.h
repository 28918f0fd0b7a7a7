/* A thread that writes a byte into a non-blocking pipe again and again: what the loops wait for. */
#ifndef TICKER_H
#define TICKER_H

struct ticker {
	int read_end;
	int write_end;
	unsigned long thread;
	_Atomic int stop;
};

/* One byte every two milliseconds or so, until ticker_destroy. On the heap, not on the loop's stack:
 * a loop that is left by a jump or an exception leaves its ticker running. */
struct ticker *ticker_create(void);
void ticker_destroy(struct ticker *ticker);

/* Takes what has come. Never waits. */
void ticker_take(struct ticker *ticker);

#endif
