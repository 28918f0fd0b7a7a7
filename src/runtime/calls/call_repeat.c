#include "call_repeat.h"

#include <string.h>

#include "runtime/base/runtime.h"
#include "runtime/interpreters/interpreters.h"
#include "runtime/loops/event_loop.h"
#include "runtime/process/alert.h"
#include "runtime/process/phase.h"
#include "runtime/trace/crowd.h"
#include "runtime/trace/sites.h"
#include "runtime/trace/trace_records.h"
#include "runtime/turns/turn.h"
#include "waited_for.h"

/* Calls whose sleep is short, if they sleep at all: see call_usage_is_old. */
static inline bool may_repeat(const struct call_watch *watch)
{
	enum call_class class = call_infos[watch->call].class;

	if (watch->subject.lock || watch->subject.stream || watch->subject.spins ||
	    watch->subject.sleeps)
		return false;
	if (watch->subject.fd < 0)
		return class == CLASS_OPEN || class == CLASS_METADATA;
	return class == CLASS_TRANSFER || class == CLASS_METADATA || class == CLASS_OTHERS;
}

/* What is known of the descriptor, if it is a file on a disk; 0. */
static inline uint8_t file_byte(int fd)
{
	uint8_t known = (unsigned)fd < MAX_DESCRIPTORS ? descriptor_table[fd] : 0;

	return (known & DESCRIPTOR_SUBJECT) == SUBJECT_REGULAR_FILE ? known : 0;
}

static inline bool level_is(const struct call_watch *watch, const struct call_place *place)
{
	uint16_t level = 0;

	if (this_thread.turn == event_loop_turn())
		return event_loop_reaches(watch->frame, &level) && level == place->event.level &&
		       event_loop_is_below(place->stack.data, place->stack.depth);
	return !place->event.level;
}

/* Nothing that bears on the verdict differs from the last time. */
static inline bool is_as_before(const struct call_watch *watch, const struct call_place *place)
{
	const struct thread_state *self = &this_thread;

	return place->repeats && place->event.call == watch->call &&
	       place->executor == self->turn->executor && !self->turn->may_block &&
	       (watch->subject.fd < 0 || place->descriptor == file_byte(watch->subject.fd)) &&
	       event_loop_session(self->turn) == place->session && level_is(watch, place);
}

static void call_repeat_write(struct call_watch *watch, const struct call_place *place)
{
	struct trace_call_in_progress *call = &this_thread.slot->call;

	memcpy(call->frames, place->stack.data, place->stack.depth * sizeof *call->frames);
	call->depth = place->stack.depth;
	call->call = place->site ? place->site->call : trace_call_offset(watch->call);
	call->executor = place->event.executor;
	call->subject = watch->kind;
	call->flags = watch->flags | (place->session == SESSION_ONE ? SITE_ALLOWED : 0);
	call->level = watch->level;
	call->script_size = 0;
	call->start_ns = watch->start_ns = now_ns();
	this_thread.slot->call_on = (uint32_t)(watch->subject.fd + 1);
	__atomic_store_n(&call->sequence, call->sequence | 1, __ATOMIC_RELEASE);
}

static bool call_repeat_find(struct call_watch *watch)
{
	const struct thread_state *self = &this_thread;
	const struct call_place *place;

	watch->at = call_memory_find((const struct known_frame *)watch->frame);
	place = watch->at.place;
	if (!place || !call_memory_has_event(place) || !is_as_before(watch, place))
		return false;
	watch->kind = watch->subject.fd < 0 ? SUBJECT_NONE : place->event.subject;
	watch->flags = call_infos[watch->call].class == CLASS_OPEN ? 0 : place->event.flags;
	watch->level = place->event.level;
	watch->cpu_ns = self->usage.cpu_ns;
	watch->switches = self->usage.switches;
	watch->delay_mark = crowd_mark();
	call_repeat_write(watch, place);
	return true;
}

bool call_repeat_begin(struct call_watch *watch)
{
	struct thread_state *self = &this_thread;

	if (!self->turn || !self->slot || !self->usage_known || self->allowances_open ||
	    self->main_script || interpreter_is_loaded || !may_repeat(watch))
		return false;
	/* From here on the calls of a signal handler are part of this one. */
	self->in_call = true;
	self->call_frame = watch->frame;
	if (!call_repeat_find(watch)) {
		self->in_call = false;
		return false;
	}
	watch->turn = self->turn;
	watch->repeats = true;
	self->armed = false; /* as thread_arm would find */
	return true;
}

/* Short enough not to have slept, or one of those that are passed over: see call_outcome. */
static inline bool is_short(uint64_t wall_ns)
{
	if (wall_ns < LIMIT_SHORTEST_SLEEP)
		return true;
	if (wall_ns >= TRACE_SHORT_CALL_NS ||
	    this_thread.short_calls % TRACE_SLEEP_SAMPLES == TRACE_SLEEP_SAMPLES - 1)
		return false;
	this_thread.short_calls++;
	return true;
}

/* Whether the descriptor that an open made is what it made the last time. */
static bool made_the_same(struct call_watch *watch, const struct call_place *place)
{
	struct descriptor made;

	if (call_infos[watch->call].class != CLASS_OPEN)
		return true;
	if (watch->fd_made < 0)
		return false;
	made = descriptor_opened(watch->fd_made, watch->path_opened, watch->fd_flags);
	return made.subject == place->event.subject && made.nonblocking == place->nonblocking &&
	       (made.append ? SITE_APPENDS : 0) == place->event.flags;
}

static void call_repeat_erase(void)
{
	struct trace_call_in_progress *call = &this_thread.slot->call;

	__atomic_store_n(&call->sequence, (call->sequence | 1) + 1, __ATOMIC_RELEASE);
}

bool call_repeat_end(struct call_watch *watch)
{
	const struct call_place *place = watch->at.place;
	uint64_t end_ns = now_ns(), wall_ns = end_ns - watch->start_ns;
	struct trace_site *site = place->site;

	/* Turns that ran meanwhile, in a callback, may have replaced what is remembered. */
	if (place->uses != watch->at.uses || !call_memory_has_event(place) ||
	    watch->turn != this_thread.turn || watch->failed || !made_the_same(watch, place) ||
	    !is_short(wall_ns))
		return false;
	if (!site) {
		call_repeat_erase();
		return true;
	}
	if (place->event.severity > SEVERITY_NOTICE) {
		if (!site->waited_for)
			return false;
		phase_found(wall_ns, end_ns);
	}
	site_count(site, (struct verdict){ (enum severity)place->event.severity, place->reasons },
		   wall_ns, 0, end_ns);
	turn_remember(watch->turn, site, wall_ns);
	turn_explain(watch->turn, wall_ns, 0);
	call_repeat_erase();
	alert_site(site, (enum severity)place->event.severity);
	return true;
}

static bool may_be_learnt(const struct call_watch *watch, const struct outcome *outcome)
{
	const struct call_place *place = watch->at.place;

	return place && place->uses == watch->at.uses && may_repeat(watch) && watch->turn &&
	       !this_thread.main_script && !outcome->facts.slept && !watch->failed &&
	       !this_thread.slot->call.script_size;
}

static void learn_circumstances(const struct call_watch *watch, const struct outcome *outcome)
{
	struct call_place *place = watch->at.place;

	place->executor = watch->turn->executor;
	place->session = event_loop_session(watch->turn);
	place->nonblocking = outcome->facts.nonblocking;
	place->descriptor = watch->subject.fd < 0 ? 0 : file_byte(watch->subject.fd);
	place->repeats = watch->subject.fd < 0 || place->descriptor;
}

void call_repeat_learn(const struct call_watch *watch, struct verdict verdict,
		       const struct outcome *outcome, struct trace_site *site)
{
	struct call_place *place = watch->at.place;

	if (!may_be_learnt(watch, outcome) || !call_memory_has_site(place) || place->site != site)
		return;
	place->reasons = verdict.reasons;
	learn_circumstances(watch, outcome);
}

void call_repeat_learn_harmless(const struct call_watch *watch, const struct outcome *outcome)
{
	const struct trace_call_in_progress *call = &this_thread.slot->call;
	const struct call_event event = { .executor = call->executor,
					  .call = (uint16_t)watch->call,
					  .level = watch->level,
					  .flags = watch->flags,
					  .subject = watch->kind };

	if (interpreter_is_loaded || call_infos[watch->call].class != CLASS_OTHERS ||
	    watch->kind != SUBJECT_REGULAR_FILE || !may_be_learnt(watch, outcome))
		return;
	call_memory_keep(watch->at, &event, NULL);
	if (call_memory_has_event(watch->at.place))
		learn_circumstances(watch, outcome);
}
