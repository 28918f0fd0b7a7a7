/* Programs that this process starts without the library: reported only under `yieldsan run`. */
#ifndef RUNTIME_UNWATCHED_H
#define RUNTIME_UNWATCHED_H

#include <stdbool.h>

/* At start-up. */
void unwatched_init(void);

/*
 * Before an exec or a spawn. A vforked child may call it: it makes plain stores, for its parent. If
 * the call fails, pass the result to unwatched_failed: no program was started.
 */
struct trace_unwatched;
struct unwatched {
	bool pending;
	struct trace_unwatched *record;
};
struct unwatched unwatched_check(const char *path, char *const environment[]);
void unwatched_failed(struct unwatched program);

/* In the parent, after its vforked child is gone. */
void unwatched_write_pending(void);

#endif
