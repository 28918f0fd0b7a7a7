#include "sample_shared.h"

#include "runtime/modules/modules.h"
#include "runtime/unwind/unwind_function.h"
#include "runtime/interpreters/script_functions.h"

static uint32_t shared_take_frames(const struct site_key *sample, uint64_t frames[SHARED_FRAMES])
{
	const struct script_text script = { sample->script, sample->script_size, sample->language };
	uint32_t count = 0;

	if (sample->script_size)
		return script_own_functions(&script, frames, SHARED_FRAMES);
	while (count < SHARED_FRAMES && count < sample->depth) {
		frames[count] = sample->frames[sample->depth - 1 - count];
		count++;
	}
	return count;
}

/* The addresses are those behind a call. */
static bool shared_is_one_function(uint64_t one, uint64_t other)
{
	const struct module *module = modules_find((uintptr_t)one - 1);
	uintptr_t start = module ? unwind_function_start(module, (uintptr_t)one - 1) : 0;

	return start && start == unwind_function_start(module, (uintptr_t)other - 1);
}

void sample_share(struct sample_shared *shared, uint64_t turn, const struct site_key *sample)
{
	bool of_script = sample->script_size != 0;
	uint32_t count, i = 0;

	if (shared->turn != turn || (of_script && !shared->of_script)) {
		shared->turn = turn;
		shared->of_script = of_script;
		shared->count = shared_take_frames(sample, shared->frames);
		return;
	}
	/* Without the interpreter's frames, which may not be had at every moment. */
	if (of_script != shared->of_script)
		return;
	count = shared_take_frames(sample, shared->latest);
	while (i < count && i < shared->count &&
	       (shared->latest[i] == shared->frames[i] ||
		(!of_script && shared_is_one_function(shared->latest[i], shared->frames[i]))))
		i++;
	shared->count = i;
}

uint32_t sample_shared_frames(const struct sample_shared *shared, uint64_t turn,
			      const struct site_key *shown)
{
	const struct script_text script = { shown->script, shown->script_size, shown->language };

	if (shared->turn != turn || shared->of_script != (shown->script_size != 0) ||
	    !shared->count)
		return 0;
	return shared->of_script ? script_frames_to_own(&script, shared->count) : shared->count;
}
