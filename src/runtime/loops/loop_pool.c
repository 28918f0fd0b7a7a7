#include "loop_pool.h"

#include <string.h>

#include "loop.h"
#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"
#include "runtime/modules/call_site.h"

#define POOLS	   16
#define POOL_LOCKS 4
#define FEW_WAITS  4

static struct loop_pool {
	int instance;	   /* the epoll descriptor + 1; 0: free */
	const void *first; /* the first member that lives: its thread_state */
	int32_t waiting;   /* threads now in the wait */
	bool shared;
	bool crowded;	/* several threads were in the wait at once: they don't take turns */
	unsigned waits; /* waits in turns that were inspected */
	struct {
		uintptr_t lock;
		unsigned waits; /* waits before which it was the last lock taken */
	} locks[POOL_LOCKS];
} pools[POOLS];

struct loop_pool *loop_pool_get(int epoll_fd)
{
	const int instance = epoll_fd + 1;

	for (unsigned i = 0; i < POOLS; i++) {
		int none = 0;

		if (__atomic_load_n(&pools[i].instance, __ATOMIC_ACQUIRE) == instance ||
		    __atomic_compare_exchange_n(&pools[i].instance, &none, instance, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ||
		    none == instance)
			return &pools[i];
	}
	return NULL;
}

/* A descriptor number may be reused for another instance once all waiters are gone. */
static void take_member(struct loop_pool *pool)
{
	const void *first = __atomic_load_n(&pool->first, __ATOMIC_RELAXED), *self = &this_thread;

	if (first == self)
		return;
	if (first) {
		pool->shared = true;
		return;
	}
	__atomic_store_n(&pool->first, self, __ATOMIC_RELAXED);
	pool->shared = pool->crowded = false;
}

void loop_pools_thread_ends(void)
{
	for (unsigned i = 0; i < POOLS; i++) {
		const void *self = &this_thread;

		__atomic_compare_exchange_n(&pools[i].first, &self, NULL, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
	}
}

static void pool_take_lock(struct loop_pool *pool, uintptr_t lock)
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

void loop_pool_looks(struct loop_pool *pool)
{
	take_member(pool);
}

void loop_pool_waits(struct loop_pool *pool, bool in_turn, uintptr_t last_lock)
{
	take_member(pool);
	if (in_turn)
		pool_take_lock(pool, last_lock);
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
	case POOL_WAITS_LOCK:
		return is_pools(pool, lock) || pool->waits < FEW_WAITS;
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

bool loop_pool_hands_over(const struct loop *loop, uintptr_t lock, const uint64_t *frames,
			  unsigned depth)
{
	const struct loop_pool *pool = loop->pool;

	return pool->shared && !pool->crowded && is_pools(pool, lock) &&
	       is_called_by_loop(loop, frames, depth);
}

void loop_pools_forget(void)
{
	memset(pools, 0, sizeof pools);
}
