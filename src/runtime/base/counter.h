/* Counters that several threads change; what they say together may be some events apart. */
#ifndef RUNTIME_COUNTER_H
#define RUNTIME_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

static inline void counter_add(uint64_t *counter, uint64_t value)
{
	__atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

/* To `value`, unless it is higher already. */
static inline void counter_raise(uint64_t *highest, uint64_t value)
{
	uint64_t known = __atomic_load_n(highest, __ATOMIC_RELAXED);

	while (value > known && !__atomic_compare_exchange_n(highest, &known, value, true,
							     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

#endif
