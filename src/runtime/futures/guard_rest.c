#include "guard_rest.h"

#include <string.h>

#include "runtime/base/memory.h"

#define SIZE (sizeof(struct guard_rest) << GUARD_REST_BITS)

struct guard_rest *guard_rests;

bool guard_rests_init(void)
{
	if (!guard_rests)
		guard_rests = memory_map(SIZE);
	return guard_rests != NULL;
}

void guard_rests_forget(void)
{
	if (guard_rests)
		memory_zero(guard_rests, SIZE);
}
