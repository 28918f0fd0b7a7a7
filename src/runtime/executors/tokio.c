#include "tokio.h"

#include "../compiler.h"
#include "executor.h"
#include "task_module.h"
#include "task_slots.h"

struct executor *tokio_executor(void)
{
	static struct executor *executor;
	struct executor *known = __atomic_load_n(&executor, __ATOMIC_ACQUIRE);

	if (LIKELY(known != NULL))
		return known;
	known = executor_get(FAMILY_TOKIO, "tokio", 0, CONFIDENCE_HIGH);
	if (known)
		executor_confirm(known);
	__atomic_store_n(&executor, known, __ATOMIC_RELEASE);
	return known;
}

static void confirm(struct task_slot *slot, const uint64_t *header, unsigned vtable_word)
{
	(void)header;
	slot->word = (uint8_t)(vtable_word + 1);
}

/*
 * The vtable's address is word 2 of a header since 1.22, word 4 from 1.12 to 1.21
 * (tokio/src/runtime/task/core.rs); owner_id is the one behind it.
 */
const struct task_family tokio_family = {
	.first_word = 2,
	.last_word = 4,
	.confirm = confirm,
	.confirmed = (const void *)tokio_confirmed,
};

const struct task_family tokio_shutdown_family = {
	.function = 6,
	.first_word = 2,
	.last_word = 4,
	.confirm = confirm,
	.confirmed = (const void *)tokio_shutdown_confirmed,
};
