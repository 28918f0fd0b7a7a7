#include "stall_samples.h"

#include <string.h>
#include <time.h>

#include "runtime/turns/allowance.h"
#include "runtime/turns/executor.h"
#include "runtime/interpreters/interpreters.h"
#include "runtime/interpreters/javascript.h"
#include "runtime/base/events.h"
#include "runtime/base/memory.h"
#include "runtime/libc/real.h"
#include "runtime/modules/modules.h"
#include "runtime/trace/sites.h"
#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/turn.h"
#include "runtime/turns/turn_times.h"
#include "runtime/turns/turn_usage.h"
#include "runtime/unwind/unwinder.h"
#include "shared/arch/arch.h"

/* Not on the stack and not thread-local: thread-local memory is taken from every thread's stack. */
struct stall_room *stall_room(void)
{
	if (!this_thread.stall_room)
		this_thread.stall_room = memory_map(sizeof *this_thread.stall_room);
	return this_thread.stall_room;
}

uint32_t stall_executor(const struct turn *turn)
{
	struct trace_executor *record = turn->executor ? executor_record(turn->executor) : NULL;

	return record ? trace_offset(record) : 0;
}

/* Code that unwinds the stack, with part of it already gone. */
static bool is_unwinding(uintptr_t pc)
{
	const struct module *module = modules_find(pc);

	return module && !strncmp(module_name(module), "libgcc_s", 8);
}

/*
 * The first sample names the turn, and of an interpreter's functions the one that took most of it:
 * a turn may run several callbacks. A later sample is better if it shows the program's own frames,
 * or if the first one's stack could not be walked (as in assembler code without unwind
 * information).
 */
static bool tells_more(const struct trace_site *sample, const struct trace_site *first)
{
	const struct trace_stack *stack = trace_at(sample->stack), *before = trace_at(first->stack);

	if (sample->script || first->script)
		return sample->script && (!first->script || sample->flags & ~first->flags);
	return stack->depth > 1 && before->depth == 1;
}

/* `site`: the turn's latest sample, with its script in `key`; returns the one that names the turn.
 */
static uint32_t choose_sample(struct turn *turn, const struct trace_site *site,
			      const struct site_key *key, uint64_t ns)
{
	uint32_t heaviest = 0;

	if (key->script_size)
		heaviest =
			sample_vote(&stall_room()->votes, turn->start, trace_offset(site), key, ns);
	if (!turn->sample || tells_more(site, trace_at(turn->sample)))
		return trace_offset(site);
	return heaviest ? heaviest : turn->sample;
}

/* `since`: ticks that the sample stands for. A signal handler can get less information. */
static void turn_keep_sample(struct turn *turn, const struct unwind_start *start, uint64_t since,
			     uint8_t flags, bool in_handler)
{
	uint64_t now = turn_clock_now();
	struct stall_room *room = stall_room();
	struct site_key key = { .kind = SITE_SAMPLE,
				.call = -1,
				.executor = stall_executor(turn),
				.flags = flags,
				.subject = STALL_BUSY,
				.severity = SEVERITY_NOTICE };
	struct trace_site *site;
	uint32_t chosen;

	if (!room || !key.executor)
		return;
	key.frames = room->frames;
	key.depth = unwinder_walk(start, room->frames, room->places, TRACE_MAX_FRAMES);
	if (!ask_stack_is_of_turn(turn, start->sp, room->frames, key.depth, &key.level)) {
		turn->left = true;
		return;
	}
	turn->sampled = now;
	key.script = room->script;
	key.script_size =
		in_handler ? interpreter_script_of_signal(room->frames, room->places, key.depth,
							  room->script, sizeof room->script,
							  &key.language)
			   : interpreter_script_of_answer(room->frames, room->places, key.depth,
							  room->script, sizeof room->script,
							  &key.language);
	site = site_get(&key);
	if (!site)
		return;
	site_count(site, (struct verdict){ SEVERITY_NOTICE, 0 }, turn_clock_ns(now - since), 0,
		   now_ns());
	turn_remember(turn, site, 0);
	sample_share(&room->shared, turn->start, &key);
	chosen = choose_sample(turn, site, &key, turn_clock_ns(now - since));
	if (chosen == turn->sample)
		return;
	turn->sample = chosen;
	this_thread.turn_times->sample = turn->sample;
	this_thread.turn_times->type = turn->type;
	__atomic_store_n(&this_thread.turn_times->sample_turn, turn->start, __ATOMIC_RELEASE);
}

static void sample_answer(void *isolate, void *unused)
{
	struct turn *turn = this_thread.turn ? this_thread.turn : this_thread.asked_sample.root;
	uint64_t of = this_thread.asked_sample.turn;
	struct unwind_start here;
	OWN_CODE_SCOPE;

	(void)isolate, (void)unused;
	this_thread.asked_sample.turn = 0;
	if (!turn || !of || turn->start != of ||
	    (this_thread.asked_sample.root && !this_thread.root_polled) ||
	    this_thread.own_code > 1 || !this_thread.turn_times)
		return;
	UNWIND_HERE(&here);
	turn_keep_sample(turn, &here, this_thread.asked_sample.since,
			 this_thread.asked_sample.root ? turn->root : 0, false);
}

static struct unwind_start unwind_start_of(const ucontext_t *context)
{
	return (struct unwind_start){ (uintptr_t)ARCH_CONTEXT_PC(context),
				      (uintptr_t)ARCH_CONTEXT_SP(context),
				      (uintptr_t)ARCH_CONTEXT_BP(context) };
}

static void sample_take(struct turn *turn, const ucontext_t *context, uint64_t now, uint8_t flags)
{
	struct unwind_start start = unwind_start_of(context);
	uint64_t since = turn->sampled ? turn->sampled : turn->start;

	if (is_unwinding(start.pc))
		return;
	/* Unless V8 has not answered the last request yet. */
	if (this_thread.asked_sample.turn != turn->start &&
	    javascript_ask(start.pc, sample_answer)) {
		this_thread.asked_sample.turn = turn->start;
		this_thread.asked_sample.root = turn == this_thread.turn ? NULL : turn;
		this_thread.asked_sample.since = since;
		turn->sampled = now;
		return;
	}
	this_thread.asked_sample.turn = 0;
	turn_keep_sample(turn, &start, since, flags, true);
}

static struct turn *sample_root(const ucontext_t *context, uint64_t now)
{
	struct unwind_start start = unwind_start_of(context);
	struct stall_room *room;
	OWN_CODE_SCOPE;

	room = stall_room();
	return room && !is_unwinding(start.pc)
		       ? ask_root_turn(&start, now, room->frames, TRACE_MAX_FRAMES)
		       : NULL;
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec used = { 0 };

	libc_clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

/*
 * The time between two samples belongs to the turn if both do, and no call that may block was made
 * between them.
 */
static void note_busy(const struct turn *turn, bool own)
{
	struct stall_room *room = stall_room();
	uint64_t cpu_ns = thread_cpu_ns();

	if (!room)
		return;
	if (room->busy.turn != turn->start) {
		room->busy.turn = turn->start;
		room->busy.cpu_ns = this_thread.turn_usage.switches >= 0
					    ? this_thread.turn_usage.cpu_ns
					    : cpu_ns;
		room->busy.own_ns = 0;
		room->busy.explained_us = 0;
		room->busy.own = true;
	}
	if (own && room->busy.own && cpu_ns > room->busy.cpu_ns &&
	    (!turn->excused || room->busy.explained_us == turn->explained_us))
		room->busy.own_ns += cpu_ns - room->busy.cpu_ns;
	room->busy.cpu_ns = cpu_ns;
	room->busy.explained_us = turn->explained_us;
	room->busy.own = own;
}

uint64_t stall_busy_ns(const struct turn *turn)
{
	const struct stall_room *room = stall_room();

	return room && room->busy.turn == turn->start ? room->busy.own_ns : 0;
}

void stall_sample(const ucontext_t *context)
{
	struct thread_state *self = &this_thread;
	struct turn *turn = self->turn;
	uint64_t now = turn_clock_now(), elapsed;
	enum may_block may_block = MAY_NOT_BLOCK;

	if (self->own_code || self->vforked || self->dead || self->exempt || self->serving ||
	    allowance_is_open())
		return;
	if (!turn && (self->root_suspect || self->main_script))
		turn = sample_root(context, now);
	if (!turn || !self->slot || !this_thread.turn_times || turn->kind != TURN_TASK ||
	    !turn->start || turn->left)
		return;
	elapsed = now - turn->start;
	if (elapsed < SHARED_WORD(turn_times_limit) ||
	    (turn->sampled && now - turn->sampled < elapsed / STALL_DENSITY))
		return;
	{
		OWN_CODE_SCOPE;

		may_block = turn->may_block ? turn->may_block(turn) : MAY_NOT_BLOCK;
		if (may_block == MAY_BLOCK) { /* in block_in_place: this part is not a stall */
			turn->excused = true;
			turn_explain(
				turn,
				turn_clock_ns(now - (turn->sampled ? turn->sampled : turn->start)),
				0);
			turn->sampled = now;
			note_busy(turn, false);
		} else {
			note_busy(turn, may_block == MAY_NOT_BLOCK);
			sample_take(
				turn, context, now,
				turn->root |
					(may_block == MAY_BLOCK_UNSURE ? SITE_OFFLOAD_UNSURE : 0));
		}
	}
}
