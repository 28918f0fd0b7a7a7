#include "stack_bounds.h"

#include "runtime/base/compiler.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"

#define PAGE_OF(address) ((address) & ~(uintptr_t)(MEMORY_PAGE - 1))
/* Checked one by one: a larger frame on a foreign stack ends the walk. */
#define MAX_PAGES_AT_ONCE 256
/*
 * If the thread's own stack is first seen deeper than this, it is taken for a foreign one until it
 * is shallower.
 */
#define MAX_PAGES_TO_LEARN 256

static bool page_is_readable(uintptr_t page)
{
	return memory_is_readable((const void *)page, sizeof(uint64_t));
}

/* Only what is contiguous with the top is the same stack: others are separated by a guard page. */
COLD static bool learn_down_to(uintptr_t sp, uintptr_t top)
{
	if (!this_thread.stack_known)
		this_thread.stack_known = top;
	if (this_thread.stack_known - sp > MAX_PAGES_TO_LEARN * MEMORY_PAGE)
		return false;
	while (this_thread.stack_known > sp) {
		uintptr_t page = PAGE_OF(this_thread.stack_known - 1);

		if (page == this_thread.stack_missing)
			return false;
		if (!page_is_readable(page)) {
			this_thread.stack_missing = page;
			return false;
		}
		this_thread.stack_known = page;
	}
	return true;
}

static bool on_own_stack(uintptr_t sp, uintptr_t top)
{
	if (LIKELY(this_thread.stack_known && sp >= this_thread.stack_known && sp < top))
		return true;
	if (!top || sp >= top)
		return false;
	/* No system calls allowed: rely on what was seen in use. */
	if (runtime_silent)
		return thread_on_own_stack(sp);
	return learn_down_to(sp, top);
}

struct stack_bounds stack_bounds_at(uintptr_t sp, bool live)
{
	uintptr_t top = thread_stack_top();

	if (LIKELY(on_own_stack(sp, top)))
		return (struct stack_bounds){ .high = top, .is_own = true };
	return (struct stack_bounds){ .high = live ? PAGE_OF(sp) + MEMORY_PAGE : PAGE_OF(sp) };
}

bool stack_bounds_reach(struct stack_bounds *bounds, uintptr_t end)
{
	if (end <= bounds->high)
		return true;
	if (bounds->is_own || end - bounds->high > MAX_PAGES_AT_ONCE * MEMORY_PAGE)
		return false;
	while (bounds->high < end) {
		if (!page_is_readable(bounds->high))
			return false;
		bounds->high += MEMORY_PAGE;
	}
	return true;
}
