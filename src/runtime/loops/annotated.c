/* Turns marked by the program itself: include/yieldsan/yieldsan.h. */
#include "annotated.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define YIELDSAN_OFF /* the runtime does not use the marks itself */
#include "yieldsan/yieldsan.h"

#include "runtime/process/alert.h"
#include "runtime/turns/allowance.h"
#include "runtime/locks/held.h"
#include "runtime/locks/lock_wait.h"
#include "runtime/base/memory.h"
#include "runtime/modules/modules.h"
#include "runtime/base/runtime.h"
#include "runtime/base/system_call.h"
#include "runtime/base/thread.h"
#include "runtime/turns/turn.h"
#include "runtime/turns/executor.h"

#define NESTED 14 /* nested marked regions on one thread; deeper ones are merged */

static bool has_turns(void)
{
	_Static_assert(NESTED * sizeof(struct turn) <= MEMORY_PAGE, "NESTED");
	if (!this_thread.marked_turns)
		this_thread.marked_turns = memory_map(MEMORY_PAGE);
	return this_thread.marked_turns;
}

void annotated_thread_ends(void)
{
	if (this_thread.marked_turns)
		system_call(SYS_munmap, (long)this_thread.marked_turns, MEMORY_PAGE, 0, 0, 0, 0);
	this_thread.marked_turns = NULL;
	this_thread.marked_depth = 0;
}

static void annotated_begin(const char *name, enum turn_kind kind)
{
	struct executor *executor;
	OWN_CODE_SCOPE;

	if (!runtime_started || this_thread.vforked || this_thread.dead || !has_turns() ||
	    this_thread.marked_depth++ >= NESTED)
		return;
	executor = executor_get(FAMILY_ANNOTATED, name ? name : "annotated", 0, CONFIDENCE_HIGH);
	if (!executor)
		return;
	executor_confirm(executor);
	this_thread.marked_turns[this_thread.marked_depth - 1].address = 0;
	turn_begin(&this_thread.marked_turns[this_thread.marked_depth - 1], executor, kind);
}

static void annotated_end(void)
{
	OWN_CODE_SCOPE;

	if (runtime_started && !this_thread.vforked && this_thread.marked_depth &&
	    --this_thread.marked_depth < NESTED)
		turn_end(&this_thread.marked_turns[this_thread.marked_depth]);
}

static void turn_begins(const char *executor)
{
	annotated_begin(executor, TURN_TASK);
}

static void offload_begins(void)
{
	annotated_begin(NULL, TURN_OFFLOAD);
}

static void annotated_yields(void)
{
	struct turn *turn = this_thread.turn;

	if (UNLIKELY(this_thread.holds_any && turn && turn->kind == TURN_TASK))
		held_yielded(turn, YIELD_COROUTINE);
}

static void lock_acquired(const void *lock)
{
	if (this_thread.armed)
		held_acquired((uintptr_t)lock, TRACE_LOCK_ANNOTATED, __builtin_frame_address(0));
}

static void lock_released(const void *lock)
{
	if (this_thread.armed || this_thread.holds_any || turns_suspended_holding)
		if (!held_released((uintptr_t)lock))
			lock_foreign_release((uintptr_t)lock, TRACE_LOCK_ANNOTATED,
					     (uintptr_t)__builtin_return_address(0));
}

/* The lock now belongs to another thread, so it is no longer tracked here. */
static void lock_handed_over(const void *lock)
{
	if (this_thread.holds_any)
		held_released((uintptr_t)lock);
}

/* Exported for languages that cannot include the header. */
EXPORT struct yieldsan_marks yieldsan_runtime_marks;

struct yieldsan_marks yieldsan_runtime_marks = {
	.turn_begin = turn_begins,
	.turn_end = annotated_end,
	.offload_begin = offload_begins,
	.offload_end = annotated_end,
	.allow_begin = allowance_begin,
	.allow_end = allowance_end,
	.yield = annotated_yields,
	.lock_acquired = lock_acquired,
	.lock_released = lock_released,
	.lock_handed_over = lock_handed_over,
	.forbid_begin = allowance_forbid,
	.forbid_end = allowance_end,
};

void annotated_set_blocking(void (*begins)(void), void (*ends)(void))
{
	yieldsan_runtime_marks.blocking_begin = begins;
	yieldsan_runtime_marks.blocking_end = ends;
}

/* The note's descriptor: see yieldsan.h. */
static void note_fill(const struct module *module, const uint64_t *descriptor)
{
	uintptr_t table = (uintptr_t)descriptor + descriptor[0];
	size_t size = descriptor[1];

	/* Tables of older headers are shorter; on_finding, the last, is the program's own. */
	if (table < module->start || table > module->end || size > module->end - table)
		return;
	if (size >= sizeof(struct yieldsan_marks))
		alert_set_callback(((const struct yieldsan_marks *)table)->on_finding);
	if (size > offsetof(struct yieldsan_marks, on_finding))
		size = offsetof(struct yieldsan_marks, on_finding);
	memcpy((void *)table, &yieldsan_runtime_marks, size);
}

static void read_notes(const struct module *module, uintptr_t at, uintptr_t last)
{
	static const char name[] = YIELDSAN_NOTE_NAME;

	while (at + sizeof(ElfW(Nhdr)) <= last) {
		const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
		uintptr_t note_name = at + sizeof *note;
		uintptr_t descriptor = note_name + ((note->n_namesz + 3) & ~3U);

		at = descriptor + ((note->n_descsz + 3) & ~3U);
		if (at <= last && note->n_type == YIELDSAN_NOTE_TYPE && note->n_descsz == 16 &&
		    note->n_namesz == sizeof name && !memcmp((void *)note_name, name, sizeof name))
			note_fill(module, (const uint64_t *)descriptor);
	}
}

void annotated_module_added(struct module *module)
{
	for (unsigned i = 0; i < module->phnum; i++) {
		const ElfW(Phdr) *segment = &module->phdr[i];
		uintptr_t at = module->base + segment->p_vaddr;

		if (segment->p_type == PT_NOTE)
			read_notes(module, at, at + segment->p_memsz);
	}
}
