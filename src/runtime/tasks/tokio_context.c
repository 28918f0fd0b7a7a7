/* Learns the layout of a module's thread-local storage. */
#include "tokio_context.h"

#include <string.h>

#include "runtime/base/memory.h"
#include "shared/arch/arch.h"

#define LARGEST_BLOCK (64 << 10)
#define FULL_BUDGET   128 /* tokio/src/task/coop/mod.rs, Budget::initial */
#define LEAST_MARKED  64  /* a poll keeps half of its budget whatever its length */
#define NEIGHBOURHOOD 160
/*
 * Number of observations spent on learning; if they found nothing, one in SELDOM is used after
 * that.
 */
#define MANY_LOOKS 1024
#define SELDOM	   1024
/* Rounds, of some 40 cycles each. */
#define LONGEST_LEARNING 2000
/* Observations after which the remaining places of the budget are accepted, or there are none. */
#define SETTLING_LOOKS 256

/* Properties of a byte in a new block. */
#define MADE_SO	   1 /* a byte that is PLACE_OUTSIDE */
#define MADE_ALONE 2 /* the same, and the rest of its word is 0 */

/* No budget, outside, padding: as rustc lays them out (1.22 to 1.54), see is_beside. */
static bool budget_is_alone(const uint8_t *image, size_t size, uint32_t place)
{
	static const uint8_t word[4] = { 0, 0, PLACE_OUTSIDE, 0 };

	return place % 4 == 2 && place + 1 < size && !memcmp(image + place - 2, word, sizeof word);
}

/* Notes which bytes of a new block may be the ones searched for. */
static void read_image(struct tokio_context *context, const struct module *module)
{
	memset(context->made_outside, 0, context->size);
	for (unsigned i = 0; i < module->phnum; i++) {
		const ElfW(Phdr) *segment = &module->phdr[i];
		const uint8_t *image = (const uint8_t *)(module->base + segment->p_vaddr);

		if (segment->p_type != PT_TLS)
			continue;
		for (uint32_t j = 0; j < context->size && j < segment->p_filesz; j++)
			context->made_outside[j] = image[j] != PLACE_OUTSIDE ? 0
						   : budget_is_alone(image, segment->p_filesz, j)
							   ? MADE_ALONE
							   : MADE_SO;
	}
}

static void begin_anew(struct tokio_context *context)
{
	__atomic_store_n(&context->count, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&context->budget_count, 0, __ATOMIC_RELEASE);
	context->settled = false;
	context->jobs = context->tasks = 0;
	context->left = context->size;
	memset(context->struck, 0, context->size);
}

void tokio_context_clear(struct tokio_context *context)
{
	uint8_t *memory = context->memory;
	uint32_t capacity = context->capacity;

	memset(context, 0, sizeof *context);
	context->memory = memory;
	context->capacity = capacity;
}

void tokio_context_init(struct tokio_context *context, const struct module *module)
{
	uint32_t size =
		module->tls_size < LARGEST_BLOCK ? (uint32_t)module->tls_size : LARGEST_BLOCK;

	tokio_context_clear(context);
	if (2 * size > context->capacity) {
		context->capacity = (2 * size + MEMORY_PAGE - 1) & ~(uint32_t)(MEMORY_PAGE - 1);
		context->memory = memory_map(context->capacity);
		if (!context->memory) {
			context->capacity = 0;
			return;
		}
	}
	context->struck = context->memory;
	context->made_outside = context->memory + size;
	context->size = size;
	begin_anew(context);
	read_image(context, module);
}

void tokio_context_forked(struct tokio_context *context)
{
	if (context->busy)
		context->busy = 0;
}

static bool context_contradicts(uint8_t byte, enum tokio_moment moment)
{
	switch (moment) {
	case MOMENT_JOB:
		return byte != PLACE_OUTSIDE;
	case MOMENT_WORKER_TASK:
		return byte > PLACE_IN_MULTI_THREAD;
	default:
		return byte > PLACE_OUTSIDE;
	}
}

/* Strikes out bytes of a block that contradict the moment. */
static void strike_out(struct tokio_context *context, const uint8_t *block,
		       enum tokio_moment moment)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < context->size; i++) {
		context->struck[i] |= context_contradicts(block[i], moment);
		left += !context->struck[i];
	}
	context->left = left;
	context->jobs += moment == MOMENT_JOB;
	context->tasks += moment == MOMENT_WORKER_TASK;
}

static void publish_places(struct tokio_context *context)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < context->size; i++)
		if (!context->struck[i])
			context->places[count++] = i;
	__atomic_store_n(&context->count, count, __ATOMIC_RELEASE);
}

static bool is_budget(const uint8_t *block, uint32_t place, enum tokio_moment moment)
{
	uint8_t some = block[place], left = block[place + 1];

	return moment == MOMENT_JOB ? some == 0 : some == 1 && left > 0 && left <= FULL_BUDGET;
}

/*
 * Since 1.22 both are members of one structure, the only ones with an alignment of one byte: rustc
 * puts them together after an aligned word. Other bytes, which may be random, cannot be mistaken
 * for these.
 */
static bool is_beside(uint32_t budget, uint32_t place)
{
	return budget / 4 == place / 4 && (budget + 1) / 4 == place / 4 && place != budget &&
	       place != budget + 1;
}

/* The budget beside a place; the size of the block if there is none. */
static uint32_t budget_beside(const struct tokio_context *context, const uint8_t *block,
			      uint32_t place)
{
	for (uint32_t i = place & ~3U; i < (place | 3) && i + 1 < context->size; i++)
		if (is_beside(i, place) && is_budget(block, i, MOMENT_WORKER_TASK))
			return i;
	return context->size;
}

static void keep_place(struct tokio_context *context, uint32_t place, uint32_t budget)
{
	context->places[0] = place;
	context->budgets[0] = budget;
	__atomic_store_n(&context->budget_count, 1, __ATOMIC_RELEASE);
	__atomic_store_n(&context->count, 1, __ATOMIC_RELEASE);
}

/* Up to 1.20 they are two separate variables close to each other. */
static void find_budgets(struct tokio_context *context, const uint8_t *block)
{
	uint32_t place = context->places[0], count = 0;
	uint32_t first = place > NEIGHBOURHOOD ? place - NEIGHBOURHOOD : 0;

	for (uint32_t i = 0; i < context->count; i++)
		if (budget_beside(context, block, context->places[i]) < context->size) {
			place = context->places[i];
			keep_place(context, place, budget_beside(context, block, place));
			return;
		}
	for (uint32_t i = first; i < place + NEIGHBOURHOOD && i + 1 < context->size; i++) {
		if (!is_budget(block, i, MOMENT_WORKER_TASK) || i == place || i + 1 == place)
			continue;
		if (count == TOKIO_PLACES)
			return;
		context->budgets[count++] = i;
	}
	__atomic_store_n(&context->budget_count, count, __ATOMIC_RELEASE);
}

/*
 * A single-threaded program launches no workers, and may never run a job. But a byte beside a
 * budget that is 2 in every job, or in the image of new blocks, and is 0 or 1 here, is the one.
 * (1.54 initialises new blocks so, 1.24 sets it at their first use.) A foreign block_on teaches
 * nothing: the byte is 2 there.
 */
static void learn_beside_budget(struct tokio_context *context, const uint8_t *block)
{
	uint32_t found = 0, place = 0;

	for (uint32_t i = 0; i < context->size; i++) {
		bool may_be = context->jobs ? !context->struck[i] : context->made_outside[i] != 0;

		if (may_be && block[i] <= PLACE_IN_MULTI_THREAD &&
		    budget_beside(context, block, i) < context->size) {
			place = i;
			found++;
		}
	}
	if (found == 1)
		keep_place(context, place, budget_beside(context, block, place));
}

static void check_budgets(struct tokio_context *context, const uint8_t *block,
			  enum tokio_moment moment)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < context->budget_count; i++)
		if (is_budget(block, context->budgets[i], moment))
			context->budgets[count++] = context->budgets[i];
	__atomic_store_n(&context->budget_count, count, __ATOMIC_RELEASE);
}

/*
 * Checks the few places that are left. In a foreign block_on within a job, a task sees the true
 * byte as 2.
 */
static void check_places(struct tokio_context *context, const uint8_t *block,
			 enum tokio_moment moment)
{
	uint32_t count = 0;

	if (moment == MOMENT_WORKER_TASK)
		moment = MOMENT_OTHER_TASK;
	for (uint32_t i = 0; i < context->count; i++)
		if (!context_contradicts(block[context->places[i]], moment))
			context->places[count++] = context->places[i];
	if (count) {
		__atomic_store_n(&context->count, count, __ATOMIC_RELEASE);
	} else {
		begin_anew(context);
		context->looks = 0;
	}
}

static void context_learn_block(struct tokio_context *context, const uint8_t *block,
				enum tokio_moment moment)
{
	if (context->count)
		check_places(context, block, moment);
	if (!context->count && moment <= MOMENT_WORKER_TASK) {
		strike_out(context, block, moment);
		if (!context->left)
			begin_anew(context);
		if (context->jobs && context->tasks && context->left <= TOKIO_PLACES)
			publish_places(context);
	}
	if (!context->count && moment != MOMENT_JOB)
		learn_beside_budget(context, block);
	if (!context->count)
		return;
	if (context->budget_count)
		check_budgets(context, block, moment);
	else if (moment != MOMENT_JOB)
		find_budgets(context, block);
	context->settled = context->budget_count == 1 || context->looks > SETTLING_LOOKS;
}

/*
 * Two workers launch at the same time, and an observation missed then is too late for a first
 * block_in_place. So wait for the other thread, which takes 1 us, but not for one that was
 * preempted or interrupted by a signal.
 */
static bool context_enter(struct tokio_context *context)
{
	for (unsigned i = 0; i < LONGEST_LEARNING; i++) {
		if (!__atomic_exchange_n(&context->busy, 1, __ATOMIC_ACQUIRE))
			return true;
		arch_pause();
	}
	return false;
}

COLD void tokio_context_learn(struct tokio_context *context, const uint8_t *block,
			      enum tokio_moment moment)
{
	uint32_t looks = __atomic_load_n(&context->looks, __ATOMIC_RELAXED);

	__atomic_store_n(&context->looks, looks + 1, __ATOMIC_RELAXED);
	if (!context->size || (looks > MANY_LOOKS && looks % SELDOM) || !context_enter(context))
		return;
	context_learn_block(context, block, moment);
	__atomic_store_n(&context->busy, 0, __ATOMIC_RELEASE);
}

bool tokio_context_is_outside(const struct tokio_context *context, const uint8_t *block)
{
	bool found = false;

	for (uint32_t i = 0; i < context->size; i++) {
		if (context->made_outside[i] != MADE_ALONE)
			continue;
		if (block[i] != PLACE_OUTSIDE)
			return false;
		found = true;
	}
	return found;
}

void tokio_context_poll(const struct tokio_context *context, const uint8_t *block, uint8_t *budget,
			uint64_t before[2])
{
	uint32_t place = context->budgets[0];
	const size_t size = 2 * sizeof *before;

	*budget = block[place + 1];
	place &= ~3U;
	if (place >= size)
		memcpy(before, block + place - size, size);
}

/* Both variables are found, each at one place only, and one beside the other. */
static bool is_place_certain(const struct tokio_context *context, const uint8_t *block)
{
	return block && context->count == 1 && context->budget_count == 1 &&
	       is_beside(context->budgets[0], context->places[0]);
}

bool tokio_context_mark(const struct tokio_context *context, uint8_t *block)
{
	uint8_t *budget;

	if (!is_place_certain(context, block))
		return false;
	budget = block + context->budgets[0];
	if (budget[0] != 1 || budget[1] <= LEAST_MARKED || budget[1] > FULL_BUDGET)
		return false;
	budget[1]--;
	return true;
}

bool tokio_context_root(const struct tokio_context *context, const uint8_t *block,
			struct trace_root *root)
{
	const uint32_t before = TRACE_ROOT_STATE - 4;
	uint32_t word = context->places[0] & ~3U;

	if (!is_place_certain(context, block) || word < before)
		return false;
	root->runtime = (uint8_t)(context->places[0] - word + before);
	root->budget = (uint8_t)(context->budgets[0] - word + before);
	root->state = (uintptr_t)block + word - before;
	return true;
}

int tokio_context_polls(const struct tokio_context *context, const uint8_t *block)
{
	uint32_t count = __atomic_load_n(&context->budget_count, __ATOMIC_ACQUIRE);

	if (!count || !block)
		return -1;
	for (uint32_t i = 0; i < count; i++)
		if (block[context->budgets[i]] != block[context->budgets[0]])
			return -1;
	return block[context->budgets[0]] == 1;
}
