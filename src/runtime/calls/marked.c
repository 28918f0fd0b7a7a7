/* Functions that the program marks as blocking: judged as a call of libc that waits by design. */
#include "call.h"
#include "marked.h"
#include "runtime/base/memory.h"
#include "runtime/base/system_call.h"
#include "runtime/loops/annotated.h"

struct marked {
	struct call_watch watch;
	unsigned depth; /* marks within each other are one */
	bool open;
};

static void marked_begin(uintptr_t frame)
{
	struct marked *marked = this_thread.marked_call;

	if (!marked) {
		if (!call_armed())
			return;
		marked = this_thread.marked_call = memory_map(MEMORY_PAGE);
		if (!marked)
			return;
	}
	/* An exception or longjmp left the function: see call_watch_heal(). */
	if (marked->open &&
	    !(this_thread.in_call && this_thread.call_frame == marked->watch.frame)) {
		marked->open = false;
		marked->depth = 0;
	}
	if (marked->depth++ || !call_armed())
		return;
	call_watch_begin(&marked->watch, CALL_YIELDSAN_BLOCKING, ANY);
	marked->open = marked->watch.active;
	/* It lasts until the marked function's frame is left, not ours. */
	if (marked->open)
		marked->watch.frame = this_thread.call_frame = frame;
	else
		call_watch_end(&marked->watch);
}

static void marked_region_begins(void)
{
	marked_begin((uintptr_t)__builtin_frame_address(0) + 2 * sizeof(uintptr_t));
}

static void marked_region_ends(void)
{
	struct marked *marked = this_thread.marked_call;

	if (!marked || !marked->depth || --marked->depth || !marked->open)
		return;
	marked->open = false;
	call_watch_end(&marked->watch);
}

void marked_init(void)
{
	annotated_set_blocking(marked_region_begins, marked_region_ends);
}

void marked_thread_ends(void)
{
	if (this_thread.marked_call)
		system_call(SYS_munmap, (long)this_thread.marked_call, MEMORY_PAGE, 0, 0, 0, 0);
	this_thread.marked_call = NULL;
}
