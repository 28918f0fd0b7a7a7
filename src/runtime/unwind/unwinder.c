#include "unwinder.h"

#include "runtime/base/compiler.h"
#include "runtime/modules/modules.h"
#include "stack_bounds.h"
#include "unwind_ask.h"
#include "unwind_rule.h"
#include "unwind_table.h"

#define OWN_FRAMES  32	    /* own frames that a walk may meet and leave out */
#define CODE_START  0x10000 /* the lowest address that a program may map */
#define ADDRESS_END (UINT64_C(1) << 47)
#define MAX_GUESS   (1 << 20) /* maximum size of a guessed frame, in bytes */

/*
 * Offsets in a signal handler's frame from where the handler returned to (struct rt_sigframe and
 * ucontext_t; kernel, arch/x86/include/asm/sigframe.h).
 */
#define SIGNAL_RBP  120
#define SIGNAL_RSP  160
#define SIGNAL_RIP  168
#define SIGNAL_SIZE 176

/* A frame of the walk. */
struct walk {
	uintptr_t at; /* address in its code: the current instruction, or the last byte of a call */
	uintptr_t sp, bp;
	uintptr_t place; /* where the address was found */
	struct stack_bounds bounds;
};

uint32_t unwinder_generation;

static const struct module *own;

int unwinder_init(void)
{
	const struct module *module = modules_find((uintptr_t)unwinder_init);

	/* A unit test contains this code itself, and needs to see its own frames. */
	own = module && !module->is_program ? module : NULL;
	unwind_table_init();
	return unwind_ask_init();
}

void unwinder_forks(void)
{
	unwind_table_forked();
}

void unwinder_forked(void)
{
	unwind_table_forked();
	unwind_ask_forked();
}

void unwinder_unshare(void)
{
	unwind_table_leave();
}

void unwinder_forget(uintptr_t start, uintptr_t end)
{
	unwind_table_leave();
	unwind_table_forget(start, end);
	__atomic_fetch_add(&unwinder_generation, 1, __ATOMIC_RELEASE);
}

static inline uintptr_t load(uintptr_t address)
{
	return *(const uintptr_t *)address;
}

/* Code outside modules is JIT code, which may be replaced: keep nothing about it. */
COLD static uint64_t unwinder_learn_rule(uintptr_t at)
{
	const struct module *module = modules_find(at);
	uint64_t rule;

	if (!module)
		return UNWIND_ODD | UNWIND_GUESS;
	if (!unwind_rule_make(module, at, &rule))
		return UNWIND_ODD | UNWIND_GUESS;
	if (module == own)
		rule |= UNWIND_OWN;
	unwind_table_put(at, rule);
	return rule;
}

static bool looks_like_code(const struct walk *walk, uintptr_t address)
{
	const struct module *module = modules_find(address);

	if (module)
		return address >= module->text_start && address < module->text_end;
	return address >= CODE_START && address < ADDRESS_END &&
	       (address < walk->sp || address >= walk->bounds.high);
}

static bool step_by_guess(struct walk *walk)
{
	uintptr_t bp = walk->bp, sp = walk->sp, back;

	if (bp % ARCH_WORD || bp < sp || bp - sp > MAX_GUESS ||
	    !stack_bounds_reach(&walk->bounds, bp + 2 * ARCH_WORD))
		return false;
	back = load(bp + ARCH_WORD);
	if (!looks_like_code(walk, back - 1))
		return false;
	walk->at = back - 1;
	walk->place = bp + ARCH_WORD;
	walk->bp = load(bp);
	walk->sp = bp + 2 * ARCH_WORD;
	return true;
}

static bool step_by_signal(struct walk *walk)
{
	uintptr_t context = walk->sp;

	if (!stack_bounds_reach(&walk->bounds, context + SIGNAL_SIZE))
		return false;
	walk->at = load(context + SIGNAL_RIP);
	walk->place = context + SIGNAL_RIP;
	walk->bp = load(context + SIGNAL_RBP);
	walk->sp = load(context + SIGNAL_RSP);
	if (!walk->at || walk->sp >= ADDRESS_END)
		return false;
	/* The interrupted code may have run on another stack. */
	walk->bounds = stack_bounds_at(walk->sp, false);
	return true;
}

static bool step_realigned(struct walk *walk, uint64_t rule)
{
	uintptr_t base = rule & UNWIND_FROM_BP ? walk->bp : walk->sp;
	uintptr_t loaded = base + (uintptr_t)unwind_cfa_offset(rule);
	uintptr_t cfa, saved;

	if (loaded < walk->sp || loaded > ADDRESS_END ||
	    !stack_bounds_reach(&walk->bounds, loaded + ARCH_WORD))
		return false;
	cfa = load(loaded) + unwind_added(rule);
	if (cfa < walk->sp + ARCH_WORD || cfa > ADDRESS_END ||
	    !stack_bounds_reach(&walk->bounds, cfa))
		return false;
	if (rule & UNWIND_BP_SAVED) {
		saved = (rule & UNWIND_BP_AT_BP ? walk->bp : cfa) +
			(uintptr_t)unwind_bp_offset(rule);
		walk->bp = saved >= walk->sp && saved <= cfa - 2 * ARCH_WORD ? load(saved) : 0;
	}
	walk->place = cfa - ARCH_WORD;
	walk->at = load(walk->place) - 1;
	walk->sp = cfa;
	return walk->at + 1 != 0;
}

COLD static bool step_oddly(struct walk *walk, uint64_t rule)
{
	if (rule & UNWIND_GUESS)
		return step_by_guess(walk);
	if (rule & UNWIND_SIGNAL)
		return step_by_signal(walk);
	if (rule & UNWIND_LOADED)
		return step_realigned(walk, rule);
	return false;
}

static inline void trail_note(struct unwind_trail *trail, uintptr_t place, bool frame)
{
	if (trail->count == UNWIND_TRAIL) {
		trail->incomplete = true;
		return;
	}
	trail->words[trail->count].place = place;
	trail->words[trail->count++].frame = frame;
}

static inline __attribute__((always_inline)) size_t walk_stack(const struct unwind_start *start,
							       uint64_t *frames, uintptr_t *places,
							       size_t max,
							       struct unwind_trail *trail)
{
	/* Not a struct walk: gcc would pack it into vector registers, and unpack it at each use. */
	uintptr_t at = start->pc, sp = start->sp, bp = start->bp, place = 0;
	struct stack_bounds bounds = stack_bounds_at(sp, true);
	uintptr_t bp_place = 0; /* where bp was loaded from, for the trail */
	size_t stored = 0;

	for (size_t left = max + OWN_FRAMES; left && stored < max; left--) {
		uintptr_t cfa, saved;
		uint64_t rule;

		if (UNLIKELY(!unwind_table_get(at, &rule)))
			rule = unwinder_learn_rule(at);
		if (LIKELY(!(rule & UNWIND_OWN))) {
			frames[stored] = at + 1;
			if (places)
				places[stored] = place;
			stored++;
		}
		if (UNLIKELY(rule & UNWIND_ODD)) {
			struct walk walk;

			/* Otherwise gcc keeps them in vector registers because of the next line. */
			__asm__("" : "+r"(at), "+r"(sp), "+r"(bp), "+r"(place));
			walk = (struct walk){ at, sp, bp, place, bounds };
			if (trail && !(rule & UNWIND_LAST))
				trail->incomplete = true;
			if (!step_oddly(&walk, rule))
				break;
			at = walk.at;
			sp = walk.sp;
			bp = walk.bp;
			place = walk.place;
			bounds = walk.bounds;
			continue;
		}
		cfa = (rule & UNWIND_FROM_BP ? bp : sp) + (uintptr_t)unwind_cfa_offset(rule);
		if (trail && rule & UNWIND_FROM_BP) {
			if (bp_place)
				trail_note(trail, bp_place, true);
			else
				trail->start_bp = true;
		}
		if (UNLIKELY(cfa < sp + ARCH_WORD))
			break;
		if (UNLIKELY(cfa > bounds.high) && !stack_bounds_reach(&bounds, cfa))
			break;
		if (rule & UNWIND_BP_SAVED) {
			saved = cfa + (uintptr_t)unwind_bp_offset(rule);
			bp = LIKELY(saved >= sp && saved <= cfa - 2 * ARCH_WORD) ? load(saved) : 0;
			bp_place = saved;
		}
		place = cfa - ARCH_WORD;
		if (trail)
			trail_note(trail, place, false);
		sp = cfa;
		at = load(place) - 1;
		if (UNLIKELY(at == UINTPTR_MAX)) /* a return address of 0 */
			break;
	}
	return stored;
}

size_t unwinder_walk(const struct unwind_start *start, uint64_t *frames, uintptr_t *places,
		     size_t max)
{
	return walk_stack(start, frames, places, max, NULL);
}

COLD bool unwinder_crossed_signal(const uint64_t *frames, size_t depth)
{
	for (size_t i = 0; i < depth; i++) {
		uint64_t rule;

		if (!unwind_table_get(frames[i] - 1, &rule))
			rule = unwinder_learn_rule(frames[i] - 1);
		if (rule & UNWIND_ODD && rule & UNWIND_SIGNAL)
			return true;
	}
	return false;
}

COLD size_t unwinder_walk_noting(const struct unwind_start *start, uint64_t *frames, size_t max,
				 struct unwind_trail *trail)
{
	trail->incomplete = trail->start_bp = false;
	trail->count = 0;
	return walk_stack(start, frames, NULL, max, trail);
}
