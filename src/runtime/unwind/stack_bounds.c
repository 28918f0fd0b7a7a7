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

/* From here to the top, the thread's own stack is readable without gaps. 0: not checked yet. */
static THREAD_LOCAL uintptr_t known_low;
/* The last page found missing below it: a guard page, below which other memory lies. */
static THREAD_LOCAL uintptr_t missing_page;

static bool page_is_readable(uintptr_t page)
{
	return memory_is_readable((const void *)page, sizeof(uint64_t));
}

/* Only what is contiguous with the top is the same stack: others are separated by a guard page. */
COLD static bool learn_down_to(uintptr_t sp, uintptr_t top)
{
	if (!known_low)
		known_low = top;
	if (known_low - sp > MAX_PAGES_TO_LEARN * MEMORY_PAGE)
		return false;
	while (known_low > sp) {
		uintptr_t page = PAGE_OF(known_low - 1);

		if (page == missing_page)
			return false;
		if (!page_is_readable(page)) {
			missing_page = page;
			return false;
		}
		known_low = page;
	}
	return true;
}

static bool on_own_stack(uintptr_t sp, uintptr_t top)
{
	if (LIKELY(known_low && sp >= known_low && sp < top))
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
