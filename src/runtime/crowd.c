#include "crowd.h"

#include "trace.h"

/* A look is good for so long on both of its sides: the next is due after 5 ms. */
#define LOOK_NS UINT64_C(10000000)

/* Who looks is kept from the processor as well when it is so late. */
#define LATE_NS UINT64_C(40000000)

bool crowd_between(uint64_t start_ns, uint64_t end_ns)
{
	const struct trace_header *header = trace_header();
	uint64_t looked_ns, crowded_ns;

	if (!header)
		return false;
	looked_ns = __atomic_load_n(&header->looked_ns, __ATOMIC_RELAXED);
	crowded_ns = __atomic_load_n(&header->crowded_ns, __ATOMIC_RELAXED);
	return (looked_ns && looked_ns + LATE_NS < end_ns) ||
	       (crowded_ns && crowded_ns + LOOK_NS >= start_ns);
}
