/* Programs that this process starts without the library: told under `yieldsan run` alone. */
#ifndef RUNTIME_UNWATCHED_H
#define RUNTIME_UNWATCHED_H

#include <stdbool.h>

/* At start-up. */
void unwatched_init(void);

/*
 * Before an exec or a spawn. A vforked child may call it: plain stores, for its parent. After one
 * that failed, what was returned is given back: no program was started.
 */
struct trace_unwatched;
struct unwatched {
	bool pending;
	struct trace_unwatched *record;
};
struct unwatched unwatched_check(const char *path, char *const environment[]);
void unwatched_failed(struct unwatched program);

/* In the parent of a vforked child that is gone. */
void unwatched_write_pending(void);

#endif
