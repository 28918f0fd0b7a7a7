#include "hang_own_lock.h"

#include <inttypes.h>
#include <linux/futex.h>
#include <string.h>

#include "async_layouts/guard_word.h"
#include "contract/layout.h"
#include "inspect/known_layouts.h"
#include "inspect/outside_stack.h"
#include "inspect/process_file.h"
#include "machine_code/frame_drops.h"
#include "report/collecting/collection.h"
#include "symbols/dies.h"

#define MOST_DROPS   8
#define LARGEST_SIZE 16 /* for a guard: a larger value may be written by the awaited call */

struct search {
	struct collection *collection;
	const struct process_memory *memory;
	uint64_t futex;
	struct hung_thread *thread;
};

static bool lock_read_whole(const void *memory, uint64_t address, void *to, size_t size)
{
	return process_memory_read(memory, address, to, size) == size;
}

/* A parked thread of parking_lot waits on its own word; the lock's address lies near it. */
static bool is_parked_at(const struct search *search, const struct loaded_module *module,
			 uint64_t address)
{
	const struct layout *layout = known_layout_of(search->collection->report->session, module);
	int32_t parking = layout ? layout->header->parking : 0;
	uint64_t key;

	return parking &&
	       lock_read_whole(search->memory, search->futex + (uint64_t)(int64_t)parking, &key,
			       sizeof key) &&
	       key == address;
}

/* The type dropped by a `drop_in_place<T>`, or by a `drop<T>` that takes the value itself. */
static bool dropped_type(const struct loaded_module *module, const struct frame_drop *drop,
			 Dwarf_Die *type)
{
	const char *name = drop->by_value ? "drop<" : "drop_in_place<";
	Dwarf_Die die, child, pointer;

	if (!module->binary ||
	    !binary_function(module->binary, drop->function - module->record->base, &die) ||
	    strncmp(die_name(&die), name, strlen(name)) != 0)
		return false;
	DIE_FOR_EACH_CHILD(child, &die)
	if (dwarf_tag(&child) == DW_TAG_formal_parameter)
		return drop->by_value ? die_reference(&child, DW_AT_type, type)
				      : die_reference(&child, DW_AT_type, &pointer) &&
						dwarf_tag(&pointer) == DW_TAG_pointer_type &&
						die_reference(&pointer, DW_AT_type, type);
	return false;
}

static bool is_guard_of_lock(const struct search *search, const struct loaded_module *module,
			     uint64_t variable, Dwarf_Die *type, uint64_t *lock)
{
	struct guard_word word;
	uint64_t pointer;

	if (!guard_word_find(type, &word) || word.size > LARGEST_SIZE ||
	    !lock_read_whole(search->memory, variable + word.pointer, &pointer, sizeof pointer))
		return false;
	*lock = pointer + word.word;
	return search->futex == *lock || search->futex == pointer + word.waits ||
	       is_parked_at(search, module, *lock);
}

static void own_lock_take_guard(const struct search *search, const struct outside_frame *frame,
				uint64_t lock, Dwarf_Die *type)
{
	struct strings *strings = &search->collection->report->session->strings;
	struct hung_thread *thread = search->thread;
	struct ender *ender = &thread->ender;

	thread->lock = lock;
	thread->subject = strings_print(strings, "lock at 0x%" PRIx64, lock);
	thread->deadlock = true;
	ender->kind = ENDER_SELF;
	ender->id = thread->tid;
	ender->name = thread->name;
	ender->words = strings_print(strings, "a %s", die_name(type));
	ender->now =
		stack_native(&search->collection->space, search->collection->process->ownership,
			     &frame->pc, 1, search->collection->trace->read_ns);
}

static bool look_at_frame(const struct search *search, const struct outside_frame *frame)
{
	struct frame_drop drops[MOST_DROPS];
	size_t count = frame_drops(lock_read_whole, search->memory, frame->pc, drops, MOST_DROPS);

	for (size_t i = 0; i < count; i++) {
		const struct loaded_module *module =
			address_space_module(&search->collection->space, drops[i].function,
					     search->collection->trace->read_ns);
		uint64_t variable = (drops[i].by_frame_pointer ? frame->bp : frame->sp) +
				    (uint64_t)drops[i].at,
			 lock;
		Dwarf_Die type;

		if ((drops[i].by_frame_pointer && !frame->bp_known) || !module ||
		    !dropped_type(module, &drops[i], &type) ||
		    !is_guard_of_lock(search, module, variable, &type, &lock))
			continue;
		own_lock_take_guard(search, frame, lock, &type);
		return true;
	}
	return false;
}

/* Functions that unlock a lock during its guard's life and lock it again. */
static bool may_have_unlocked(const struct stack *stack)
{
	static const char *const parts[] = { "Condvar", "condvar", "::unlocked", "::bump" };

	for (size_t i = 0; i < stack->count; i++)
		for (size_t j = 0; j < sizeof parts / sizeof *parts; j++)
			if (stack->frames[i].function &&
			    strstr(stack->frames[i].function, parts[j]))
				return true;
	return false;
}

/* A wait without a time limit. */
bool hang_wait_is_endless(const struct thread_wait *wait)
{
	uint64_t operation = wait->arguments[1] & FUTEX_CMD_MASK;

	return (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET) && !wait->arguments[3];
}

void hang_find_own_lock(struct collection *collection, const struct process_memory *memory,
			struct outside *outside, const struct thread_wait *wait,
			struct hung_thread *thread)
{
	const struct search search = { collection, memory, wait->arguments[0], thread };
	struct outside_frame frames[TRACE_MAX_FRAMES];
	size_t count = hang_wait_is_endless(wait) && !may_have_unlocked(&thread->native)
			       ? outside_frames(outside, wait, frames, TRACE_MAX_FRAMES)
			       : 0;

	for (size_t i = 0; i < count; i++)
		if (look_at_frame(&search, &frames[i]))
			return;
}
