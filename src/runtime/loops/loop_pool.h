/*
 * Pools whose threads take turns at one wait (leader and followers): one waits for events, the
 * others are idle until it hands over. Examples: Boost.Asio's io_context on several threads, gRPC's
 * completion queues, MariaDB's pool-of-threads. An idle member delays no events, so its turn ends
 * where it goes idle. For how this differs from threads that all wait for the same instance at
 * once, and from handlers that wait, see loop_pool_idles.
 */
#ifndef RUNTIME_LOOPS_LOOP_POOL_H
#define RUNTIME_LOOPS_LOOP_POOL_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_pool;

/*
 * The pool of threads that wait for this epoll instance, at whatever place; NULL: too many pools.
 */
struct loop_pool *loop_pool_get(int epoll_fd);

/*
 * waits: the calling thread begins to wait, after a turn in which it took `last_lock` last (0:
 * none). waited: the wait is over. Both may be left out once the loop has settled.
 */
void loop_pool_waits(struct loop_pool *pool, bool in_turn, uintptr_t last_lock);
void loop_pool_waited(struct loop_pool *pool);

/* The calling thread asks for events without waiting: it is a member, and stays in its turn. */
void loop_pool_looks(struct loop_pool *pool);

/* More than one thread takes turns. */
bool loop_pool_is_shared(const struct loop_pool *pool);

/* What a thread waits for, as far as its call shows. */
enum loop_pool_wait { POOL_WAITS_CONDITION, POOL_WAITS_LOCK, POOL_WAITS_FUTEX, POOL_WAITS_OTHER };

/*
 * Whether a member that calls from there (return addresses, innermost first) goes idle. The call
 * must come from the loop's own code, not from a handler, which is called by its address. If the
 * pool hands over under a mutex, `lock` must be that mutex: the condition's, or the one waited for.
 * A futex shows only the place, so it counts only in a pool without a mutex.
 */
bool loop_pool_idles(const struct loop *loop, enum loop_pool_wait what, uintptr_t lock,
		     const uint64_t *frames, unsigned depth);

/*
 * Whether the loop's threads take turns by this lock, taken there, and hold it while they wait: the
 * leader's way to keep the others away from the wait.
 */
bool loop_pool_hands_over(const struct loop *loop, uintptr_t lock, const uint64_t *frames,
			  unsigned depth);

/* The calling thread ends. */
void loop_pools_thread_ends(void);

/* Called in a forked child. */
void loop_pools_forget(void);

#endif
