/* Programs that this process starts without the library: told under `yieldsan run` alone. */
#ifndef RUNTIME_UNWATCHED_H
#define RUNTIME_UNWATCHED_H

/* At start-up. */
void unwatched_init(void);

/* Before an exec or a spawn. A vforked child may call it: plain stores, for its parent. */
void unwatched_check(const char *path, char *const environment[]);

/* In the parent of a vforked child that is gone. */
void unwatched_write_pending(void);

#endif
