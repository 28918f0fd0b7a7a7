#include "wait_delay.h"

#include "runtime/trace/crowd.h"

void wait_delay_begin(struct call_watch *watch, int32_t holder)
{
	OWN_CODE_SCOPE;

	if (!watch->active || !holder || !crowd_was_seen(watch->start_ns))
		return;
	watch->holder_delay_ns = crowd_thread_delay(holder);
	watch->own_delay_ns = crowd_thread_delay(this_thread.slot->tid);
	if (watch->holder_delay_ns != UINT64_MAX && watch->own_delay_ns != UINT64_MAX)
		watch->holder = holder;
}

uint64_t wait_delay(const struct call_watch *watch, uint64_t end_ns)
{
	uint64_t holder_ns, own_ns;

	if (!watch->holder)
		return crowd_delay(watch->start_ns, watch->delay_mark, end_ns);
	holder_ns = crowd_thread_delay(watch->holder);
	own_ns = crowd_thread_delay(this_thread.slot->tid);
	if (holder_ns == UINT64_MAX || own_ns == UINT64_MAX)
		return crowd_delay(watch->start_ns, watch->delay_mark, end_ns);
	return holder_ns - watch->holder_delay_ns + own_ns - watch->own_delay_ns;
}
