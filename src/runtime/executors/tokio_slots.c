#include "tokio_slots.h"

#include <sys/mman.h>

#include "../memory.h"
#include "../runtime.h"
#include "../system_call.h"
#include "../thread.h"
#include "../trace.h"
#include "task_types.h"

/* Words of a header in which the vtable's address has been. */
#define FIRST_VTABLE_WORD 2
#define LAST_VTABLE_WORD  4

struct tokio_slot tokio_slots[TOKIO_SLOTS];
const void *tokio_targets[TOKIO_SLOTS];

static unsigned used; /* numbers up to here were handed out once */
static uintptr_t open_page;

static const void *thunk_of(uint32_t number)
{
	return tokio_thunks + (size_t)number * TOKIO_THUNK_SIZE;
}

static struct tokio_slot *free_slot(void)
{
	if (used < TOKIO_SLOTS)
		return &tokio_slots[used++];
	for (unsigned i = 0; i < TOKIO_SLOTS; i++)
		if (!tokio_slots[i].vtable)
			return &tokio_slots[i];
	return NULL;
}

void tokio_slots_close_page(void)
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
	tokio_slots_close_page();
	if (system_call(SYS_mprotect, (long)page, MEMORY_PAGE, PROT_READ | PROT_WRITE, 0, 0, 0))
		return false;
	open_page = page;
	return true;
}

bool tokio_slot_hook(struct tokio_module *module, const struct tokio_vtable *vtable,
		     bool page_is_read_only)
{
	struct tokio_slot *slot = free_slot();
	uint32_t number = (uint32_t)(slot - tokio_slots);

	if (!slot) {
		trace_lose_event();
		return false;
	}
	if (page_is_read_only && !open_page_of(vtable->words))
		return false;
	slot->poll = (void (*)(void *))vtable->words[0];
	slot->module = module;
	slot->vtable = (uintptr_t)vtable->words;
	slot->job = vtable->job;
	slot->by_shape = vtable->by_shape;
	tokio_targets[number] = (const void *)tokio_undecided;
	/* From here on other threads come through. */
	__atomic_store_n(&vtable->words[0], (uint64_t)(uintptr_t)thunk_of(number),
			 __ATOMIC_RELEASE);
	return true;
}

void tokio_slots_release(const struct tokio_module *module)
{
	for (unsigned i = 0; i < used; i++)
		if (tokio_slots[i].module == module)
			tokio_slots[i] = (struct tokio_slot){ 0 };
}

/* Which word of what the argument points to is the address of this very vtable; 0: none. */
static unsigned vtable_word(uintptr_t argument, const struct tokio_slot *slot)
{
	const uint64_t *words = (const uint64_t *)argument;

	if (!argument || argument % sizeof *words ||
	    !memory_is_readable(words, (LAST_VTABLE_WORD + 2) * sizeof *words))
		return 0;
	for (unsigned i = FIRST_VTABLE_WORD; i <= LAST_VTABLE_WORD; i++)
		if (words[i] == slot->vtable)
			return i;
	return 0;
}

/*
 * The first call of a slot: decides for good whether it is a task's. Runs with any arguments, in
 * any function's place, so it calls nothing that may touch more than the general registers and
 * xmm0-15. Returns where the call goes on.
 */
const void *tokio_slot_decide(uintptr_t argument, uint32_t number)
{
	OWN_CODE_SCOPE;
	struct tokio_slot *slot = &tokio_slots[number];
	unsigned word;

	/* Once system calls are given up nobody can be asked: an unknown slot stays unwatched. */
	if (!runtime_started || runtime_silent)
		return (const void *)slot->poll;
	word = vtable_word(argument, slot);
	if (!word) {
		__atomic_store_n(&tokio_targets[number], (const void *)slot->poll,
				 __ATOMIC_RELEASE);
		return (const void *)slot->poll;
	}
	slot->owner_word = (uint8_t)(word + 1);
	slot->type = task_type_number(slot->vtable, (uintptr_t)slot->poll);
	__atomic_store_n(&tokio_targets[number], (const void *)tokio_confirmed, __ATOMIC_RELEASE);
	return thunk_of(number);
}
