#include "stack.h"

#include "judgement/turn.h"

static void confidence_limit(uint32_t *confidence, enum confidence at_most)
{
	if (*confidence > at_most)
		*confidence = at_most;
}

/* Only its own future is (or may be) delayed. */
static void verdict_weaken(struct verdict *verdict, uint32_t *confidence, enum reason reason)
{
	verdict_lower(verdict, SEVERITY_WARNING, reason);
	confidence_limit(confidence, CONFIDENCE_MEDIUM);
}

/*
 * The library's own locks are short and unavoidable. In a program without symbols the lock's owner
 * is unknown: give it the benefit of the doubt, unless a turn was actually delayed.
 */
static bool is_library_lock(const struct stack_facts *facts, const struct verdict *verdict)
{
	return facts->lock == LOCK_OF_LIBRARY ||
	       (facts->lock == LOCK_NAMELESS && verdict->severity < SEVERITY_ERROR);
}

static void judge_lock(const struct stack_facts *facts, struct verdict *verdict,
		       uint32_t *confidence)
{
	if (is_library_lock(facts, verdict))
		verdict_lower(verdict, SEVERITY_NOTICE,
			      facts->lock == LOCK_OF_LIBRARY ? REASON_LIBRARY_LOCK
							     : REASON_NAMELESS_LOCK);
	/* Its holder was not scheduled; other waits on a channel are not for locks. */
	if (facts->lock == LOCK_OF_CHANNEL && reason_is_in(verdict->reasons, REASON_CROWDED))
		verdict_lower(verdict, SEVERITY_WARNING, REASON_LIBRARY_LOCK);
	/* A longer wait means that the holder itself waited, which the library never does. */
	if (facts->lock == LOCK_NAMELESS && facts->longest_ns < LIMIT_SHORT_LOCK)
		verdict_weaken(verdict, confidence, REASON_NAMELESS_LOCK);
}

static void judge_offload_doubt(const struct stack_facts *facts, struct verdict *verdict,
				uint32_t *confidence)
{
	if (!facts->offload_unsure)
		return;
	confidence_limit(confidence, CONFIDENCE_LOW);
	verdict->reasons |= REASON_BIT(REASON_OFFLOAD_UNSURE);
}

/* The root future is the only work: it is the test itself. */
static bool hangs_test(const struct stack_facts *facts, uint64_t ns)
{
	return facts->test && ns >= LIMIT_ROOT_HANG;
}

/*
 * A root future that delays only itself does not affect others, and what looks like one poll may be
 * several: a warning if it lasts as long as one that hangs, else a notice. One that was seen to
 * hang is a warning; it is an error if a test hangs with it, or if it spins.
 */
static void judge_root_turn(const struct stack_facts *facts, struct verdict *verdict,
			    uint32_t *confidence)
{
	if (!facts->root || facts->root == ROOT_CURRENT_THREAD)
		return;
	confidence_limit(confidence, CONFIDENCE_MEDIUM);
	if (facts->one_poll && (facts->busy || hangs_test(facts, facts->each_ns)))
		return;
	verdict_lower(verdict, SEVERITY_WARNING, REASON_ROOT_FUTURE);
	if (!facts->one_poll)
		verdict_lower(verdict, turn_most_alone(facts->each_ns), REASON_ALONE);
}

/*
 * The loop does not turn before the main script has returned: what the script has started by then
 * waits for it. Otherwise it is not known that anything waited: a command-line tool computes in its
 * script. False: an ordinary start.
 */
static bool judge_main_script(const struct stack_facts *facts, uint64_t ns, struct verdict *verdict)
{
	if (ns < LIMIT_ROOT_HANG)
		return false;
	if (facts->in_progress && (facts->loop_waits || facts->job))
		return true;
	verdict_lower(verdict,
		      facts->in_progress || facts->loop_waits ? SEVERITY_WARNING : SEVERITY_NOTICE,
		      REASON_MAIN_SCRIPT);
	return true;
}

/* That of an ES module is a main script, too, but runs in a turn. */
static void judge_module_body(const struct stack_facts *facts, uint64_t ns, struct verdict *verdict)
{
	if (!facts->module_body || facts->root == ROOT_MAIN_SCRIPT)
		return;
	if (facts->in_progress && ns >= LIMIT_ROOT_HANG)
		judge_main_script(facts, ns, verdict);
	else
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_MODULE_BODY);
}

/* What waits in a module's body is harm all the same, and an earlier import avoids it. */
static void judge_import(const struct stack_facts *facts, struct verdict *verdict)
{
	if (facts->library_import || (facts->library_body && verdict->severity < SEVERITY_ERROR))
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_LIBRARY_IMPORT);
}

static bool judge_tokio(struct stack_facts *facts, struct verdict *verdict, uint32_t *confidence)
{
	if ((facts->root || facts->in_progress) && facts->parked)
		return false;
	/* A call is recorded just before it is known to be a root future's. */
	if (facts->in_progress && facts->block_on && !facts->root)
		facts->root = ROOT_UNKNOWN;
	/* If the runtime identified the scheduler, the result is certain even without symbols. */
	if (facts->root == ROOT_UNKNOWN && !facts->block_on)
		return false;
	if (facts->root && facts->root != ROOT_CURRENT_THREAD && !facts->kept_task &&
	    !hangs_test(facts, facts->longest_ns))
		verdict_weaken(verdict, confidence, REASON_ROOT_FUTURE);
	/* A current_thread runtime runs on its own thread: frames outside it excuse nothing. */
	if (facts->root == ROOT_CURRENT_THREAD ? facts->offloaded_in_root : facts->offloaded)
		return false;
	judge_lock(facts, verdict, confidence);
	judge_offload_doubt(facts, verdict, confidence);
	return true;
}

/*
 * It is not known whether a root future is polled alongside tasks, or alone. A pool, local or of
 * threads, polls several: what blocks it blocks the others.
 */
static bool judge_async_task(struct stack_facts *facts, struct verdict *verdict,
			     uint32_t *confidence)
{
	if (facts->root == ROOT_CURRENT_THREAD)
		facts->root = ROOT_NONE;
	if (facts->root) {
		bool waits = is_library_lock(facts, verdict);

		facts->root = ROOT_UNKNOWN;
		verdict_weaken(verdict, confidence, REASON_ROOT_FUTURE);
		return !waits; /* block_on waits for its future */
	}
	judge_lock(facts, verdict, confidence);
	return true;
}

static bool judge_loop(const struct stack_facts *facts, struct verdict *verdict,
		       uint32_t *confidence)
{
	if (facts->parked)
		return false;
	switch (facts->loop) {
	case LOOP_ABSENT:
		return false;
	case LOOP_CUT:
		confidence_limit(confidence, CONFIDENCE_LOW);
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_SCRIPT_CUT);
		break;
	case LOOP_MAIN_GREENLET:
		confidence_limit(confidence, CONFIDENCE_LOW);
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_MAIN_GREENLET);
		break;
	case LOOP_NATIVE:
	case LOOP_BELOW:
		break;
	}
	return true;
}

bool stack_judge_call(struct stack_facts *facts, struct verdict *verdict, uint32_t *confidence)
{
	if (facts->panic)
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_PANIC);
	judge_import(facts, verdict);
	if (facts->runner_work)
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_RUNNER_WORK);
	judge_module_body(facts, facts->longest_ns, verdict);
	if (facts->root == ROOT_MAIN_SCRIPT)
		return judge_main_script(facts, facts->longest_ns, verdict);
	if (facts->library_work)
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_LIBRARY_WORK);
	if (facts->family == FAMILY_TOKIO)
		return judge_tokio(facts, verdict, confidence);
	if (facts->family == FAMILY_ASYNC_TASK)
		return judge_async_task(facts, verdict, confidence);
	return judge_loop(facts, verdict, confidence);
}

bool stack_judge_turn(const struct stack_facts *facts, const struct limits *limits,
		      struct verdict *verdict, uint32_t *confidence)
{
	if (facts->root == ROOT_MAIN_SCRIPT)
		return judge_main_script(facts, facts->longest_ns, verdict);
	judge_root_turn(facts, verdict, confidence);
	if (facts->unseen) {
		confidence_limit(confidence, CONFIDENCE_MEDIUM);
		return true;
	}
	if (facts->panic)
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_PANIC);
	judge_import(facts, verdict);
	if (facts->library_work)
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_LIBRARY_WORK);
	if (facts->runner_work)
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_RUNNER_WORK);
	judge_module_body(facts, facts->each_ns, verdict);
	if (facts->family == FAMILY_TOKIO) {
		judge_offload_doubt(facts, verdict, confidence);
		return !facts->offloaded;
	}
	if (facts->interpreter_alone && verdict->severity == SEVERITY_WARNING &&
	    facts->each_ns < LIMIT_INTERPRETER_WORK * limits->turn_warning_ns)
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_INTERPRETER_WORK);
	return judge_loop(facts, verdict, confidence);
}
