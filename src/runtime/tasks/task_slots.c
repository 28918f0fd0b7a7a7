#include "task_slots.h"

#include <sys/mman.h>

#include "runtime/base/events.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/base/system_call.h"
#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/task_types.h"

struct task_slot task_slots[TASK_SLOTS];
const void *task_targets[TASK_SLOTS];

static unsigned used; /* numbers up to here were used at some time */
static uintptr_t open_page;

static const void *thunk_of(uint32_t number)
{
	return task_thunks + (size_t)number * TASK_THUNK_SIZE;
}

static struct task_slot *free_slot(void)
{
	if (used < TASK_SLOTS)
		return &task_slots[used++];
	for (unsigned i = 0; i < TASK_SLOTS; i++)
		if (!task_slots[i].vtable)
			return &task_slots[i];
	return NULL;
}

void task_slots_close_page(void)
{
	if (open_page)
		system_call(SYS_mprotect, (long)open_page, MEMORY_PAGE, PROT_READ, 0, 0, 0);
	open_page = 0;
}

/* A word never spans two pages: vtables are aligned. */
static bool open_page_of(const void *word)
{
	uintptr_t page = (uintptr_t)word & ~(uintptr_t)(MEMORY_PAGE - 1);

	if (page == open_page)
		return true;
	task_slots_close_page();
	if (system_call(SYS_mprotect, (long)page, MEMORY_PAGE, PROT_READ | PROT_WRITE, 0, 0, 0))
		return false;
	open_page = page;
	return true;
}

bool task_slot_hook(struct task_module *module, const struct task_family *family,
		    const struct task_vtable *vtable, bool page_is_read_only)
{
	struct task_slot *slot = free_slot();
	uint64_t *function = vtable->words + family->function;
	uint32_t number = (uint32_t)(slot - task_slots);

	if (!slot) {
		trace_lose_event();
		return false;
	}
	if (page_is_read_only && !open_page_of(function))
		return false;
	slot->function = (void (*)(void)) * function;
	slot->module = module;
	slot->family = family;
	slot->vtable = (uintptr_t)vtable->words;
	slot->job = vtable->job;
	slot->by_shape = vtable->by_shape;
	task_targets[number] = family->confirm ? (const void *)task_undecided : family->confirmed;
	/* From here on other threads use it. */
	__atomic_store_n(function, (uint64_t)(uintptr_t)thunk_of(number), __ATOMIC_RELEASE);
	return true;
}

void task_slots_release(const struct task_module *module)
{
	for (unsigned i = 0; i < used; i++)
		if (task_slots[i].module == module)
			task_slots[i] = (struct task_slot){ 0 };
}

/*
 * Whether the argument is a task's header: a pointer to words, one of which is the address of this
 * vtable.
 */
static bool is_header(uintptr_t argument, struct task_slot *slot)
{
	const struct task_family *family = slot->family;
	const uint64_t *words = (const uint64_t *)argument;

	if (!argument || argument % sizeof *words ||
	    !memory_is_readable(words, (family->last_word + 2) * sizeof *words))
		return false;
	for (unsigned i = family->first_word; i <= family->last_word; i++)
		if (words[i] == slot->vtable) {
			family->confirm(slot, words, i);
			return true;
		}
	return false;
}

/* The poll function for this slot's vtable. */
static uintptr_t slot_poll(const struct task_slot *slot)
{
	for (unsigned i = 0; !slot->family->polls && i < used; i++)
		if (task_slots[i].vtable == slot->vtable && task_slots[i].family->polls)
			return (uintptr_t)task_slots[i].function;
	return (uintptr_t)slot->function;
}

/*
 * The first call of a slot: decides permanently whether the slot belongs to a task. Runs with any
 * arguments, in place of any function, so it calls nothing that may change registers other than the
 * general ones and xmm0-15. Returns where the call continues.
 */
const void *task_slot_decide(uintptr_t argument, uint32_t number)
{
	OWN_CODE_SCOPE;
	struct task_slot *slot = &task_slots[number];

	/*
	 * If system calls are not allowed, the argument cannot be checked: an unknown slot stays
	 * unwatched.
	 */
	if (!runtime_started || runtime_silent)
		return (const void *)slot->function;
	if (!is_header(argument, slot)) {
		__atomic_store_n(&task_targets[number], (const void *)slot->function,
				 __ATOMIC_RELEASE);
		return (const void *)slot->function;
	}
	slot->type = task_type_number(slot->vtable, slot_poll(slot));
	/* Vtables of this shape also store where a task keeps its ID. */
	if (slot->by_shape && slot->family->id_word)
		task_type_set_id(slot->type,
				 (uint32_t)((const uint64_t *)slot->vtable)[slot->family->id_word]);
	slot->future = ask_future_of(slot, slot_poll(slot));
	__atomic_store_n(&task_targets[number], slot->family->confirmed, __ATOMIC_RELEASE);
	return thunk_of(number);
}
