#include "loop_pool.h"

#include <string.h>

#include "loop.h"
#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"
#include "runtime/modules/call_site.h"
#include "runtime/trace/trace.h"

#define POOLS	   16
#define POOL_LOCKS 4
#define FEW_WAITS  4

static struct loop_pool {
	struct executor *executor; /* NULL: free */
	int epoll_fd;
	/* The first member: its slot in the trace, and its tid. */
	struct trace_thread *first;
	int32_t first_tid;
	int32_t waiting; /* threads now in the wait */
	bool shared;
	bool crowded;	/* several threads were in the wait at once: they don't take turns */
	unsigned waits; /* waits in turns that were inspected */
	struct {
		uintptr_t lock;
		unsigned waits; /* waits before which it was the last lock taken */
	} locks[POOL_LOCKS];
} pools[POOLS];

struct loop_pool *loop_pool_get(struct executor *executor, int epoll_fd)
{
	for (unsigned i = 0; i < POOLS; i++) {
		struct executor *none = NULL;

		if (__atomic_load_n(&pools[i].executor, __ATOMIC_ACQUIRE) == executor &&
		    pools[i].epoll_fd == epoll_fd)
			return &pools[i];
		/* If two threads both make one, each is a pool of one thread. */
		if (__atomic_compare_exchange_n(&pools[i].executor, &none, executor, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			pools[i].epoll_fd = epoll_fd;
			return &pools[i];
		}
	}
	return NULL;
}

static bool first_is_alive(const struct loop_pool *pool)
{
	return pool->first->alive && pool->first->tid == pool->first_tid;
}

/* A descriptor number may be reused for another instance once all waiters are gone. */
static void take_member(struct loop_pool *pool)
{
	struct trace_thread *slot = this_thread.slot;

	if (!slot || pool->first == slot)
		return;
	if (pool->first && first_is_alive(pool)) {
		pool->shared = true;
		return;
	}
	pool->first = slot;
	pool->first_tid = slot->tid;
	pool->shared = pool->crowded = false;
}

static void take_lock(struct loop_pool *pool, uintptr_t lock)
{
	unsigned least = 0;

	pool->waits++;
	if (!lock)
		return;
	for (unsigned i = 0; i < POOL_LOCKS; i++) {
		if (pool->locks[i].lock == lock) {
			pool->locks[i].waits++;
			return;
		}
		if (pool->locks[i].waits < pool->locks[least].waits)
			least = i;
	}
	pool->locks[least].lock = lock;
	pool->locks[least].waits = 1;
}

/* A lock taken by a handler precedes some waits; the hand-over lock precedes most. */
static bool is_pools(const struct loop_pool *pool, uintptr_t lock)
{
	for (unsigned i = 0; i < POOL_LOCKS; i++)
		if (pool->locks[i].lock == lock)
			return pool->locks[i].waits * 2 >= pool->waits;
	return false;
}

static bool has_lock(const struct loop_pool *pool)
{
	for (unsigned i = 0; i < POOL_LOCKS; i++)
		if (pool->locks[i].waits * 2 > pool->waits)
			return true;
	return false;
}

void loop_pool_waits(struct loop_pool *pool, bool in_turn, uintptr_t last_lock)
{
	take_member(pool);
	if (in_turn)
		take_lock(pool, last_lock);
	if (__atomic_add_fetch(&pool->waiting, 1, __ATOMIC_RELAXED) > 1)
		pool->crowded = true;
}

void loop_pool_waited(struct loop_pool *pool)
{
	if (__atomic_sub_fetch(&pool->waiting, 1, __ATOMIC_RELAXED) < 0)
		pool->waiting = 0;
	take_member(pool);
}

bool loop_pool_is_shared(const struct loop_pool *pool)
{
	return pool->shared;
}

/* Called after the function that both stacks have in common. */
static bool is_called_by_loop(const struct loop *loop, const uint64_t *frames, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++) {
		for (unsigned place = 1; place < loop->place_count; place++)
			if (frames[i] == loop->values[place])
				return i > 0;
		if (!call_site_is_direct(frames[i]))
			return false;
	}
	return false;
}

static bool fits_lock(const struct loop_pool *pool, enum loop_pool_wait what, uintptr_t lock)
{
	switch (what) {
	case POOL_WAITS_CONDITION: /* its mutex is taken each time, once that is known */
		return is_pools(pool, lock) || pool->waits < FEW_WAITS;
	case POOL_WAITS_LOCK:
		return is_pools(pool, lock);
	case POOL_WAITS_FUTEX:
		return !has_lock(pool);
	case POOL_WAITS_OTHER:
		break;
	}
	return true;
}

bool loop_pool_idles(const struct loop *loop, enum loop_pool_wait what, uintptr_t lock,
		     const uint64_t *frames, unsigned depth)
{
	const struct loop_pool *pool = loop->pool;

	return pool && pool->shared && !pool->crowded && fits_lock(pool, what, lock) &&
	       is_called_by_loop(loop, frames, depth);
}

void loop_pools_forget(void)
{
	memset(pools, 0, sizeof pools);
}
