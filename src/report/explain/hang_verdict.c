#include "hang.h"

#include <string.h>

#include "inspect/session.h"
#include "report/model/finding.h"
#include "report/model/process.h"
#include "report/wording/headline.h"
#include "report/wording/quantity.h"

const char *hang_state_word(enum hang_state state)
{
	static const char *const words[] = {
		[HANG_ENDED] = "ended",	      [HANG_NONE] = "not hung",	  [HANG_IDLE] = "idle",
		[HANG_UNKNOWN] = "unknown",   [HANG_BLOCKED] = "blocked", [HANG_ALL] = "hung",
		[HANG_DEADLOCK] = "deadlock", [HANG_BUSY] = "busy",
	};

	return words[state];
}

/* A core has no names of threads. */
const char *hung_thread_words(struct session *session, const struct hung_thread *thread)
{
	return *thread->name
		       ? strings_print(&session->strings, "%s (%d)", thread->name, thread->tid)
		       : strings_print(&session->strings, "thread %d", thread->tid);
}

/* "read(a pipe)"; "std::sync::RwLock<T>::write (futex)" */
static const char *call_words(struct strings *strings, const struct hung_thread *thread)
{
	const char *what = thread->what ? thread->what : "a system call";

	if (thread->subject && !thread->lock)
		what = strings_print(strings, "%s(%s)", what, thread->subject);
	return thread->function ? strings_print(strings, "%s (%s)", thread->function, what) : what;
}

/* " in app::load (src/main.rs:8)"; empty if unknown. */
static const char *place_words(struct session *session, const struct hung_thread *thread)
{
	const struct finding_stack stack = { .native = thread->native, .script = thread->script };
	const char *place = headline_place_of(session, &stack);

	return place ? strings_print(&session->strings, " in %s", place) : "";
}

static const char *ender_words(struct strings *strings, const struct hung_thread *thread)
{
	const struct ender *ender = &thread->ender;

	switch (ender->kind) {
	case ENDER_TASK:
		if (thread->deadlock && thread->family == FAMILY_EVENT_LOOP)
			return "a suspended coroutine of the same thread holds";
		if (thread->deadlock)
			return "another future of the task that it polls holds";
		return ender->task
			       ? strings_print(strings, "a suspended task (%s) holds", ender->task)
			       : "a suspended task holds";
	case ENDER_SELF:
		return "it holds itself";
	case ENDER_THREAD:
		return strings_print(strings, "thread %s (%lld) holds",
				     ender->name ? ender->name : "?", (long long)ender->id);
	default:
		return "another one holds";
	}
}

/* "waits for a lock that thread x (5) holds"; "has been in read(a pipe) in app::load (..)" */
static const char *doing_words(struct session *session, const struct hung_thread *thread, bool many)
{
	struct strings *strings = &session->strings;
	const char *have = many ? "have" : "has", *place = place_words(session, thread);

	switch (thread->doing) {
	case DOING_COMPUTE:
		return strings_print(strings, "%s been computing%s", have, place);
	case DOING_BLOCK_ON:
		return strings_print(strings, "%s been waiting for a future in %s%s", have,
				     thread->what, place);
	default:
		if (thread->lock)
			return strings_print(strings, "wait%s for a lock that %s", many ? "" : "s",
					     ender_words(strings, thread));
		return strings_print(strings, "%s been in %s%s", have, call_words(strings, thread),
				     place);
	}
}

static const char *with_duration(struct strings *strings, const char *sentence,
				 const struct hung_thread *thread)
{
	char text[QUANTITY_SIZE];

	if (!thread->for_ns)
		return sentence;
	quantity_duration(text, thread->for_ns);
	if (thread->is_turns)
		return strings_print(strings, "%s, in a turn that began %s ago", sentence, text);
	return strings_print(strings, "%s%s for %s", sentence, thread->lock ? "," : "", text);
}

/* Threads are of one kind if they run turns of one executor, workers apart from others. Each event
 * loop is its own kind. */
static bool is_same_kind(const struct hung_thread *a, const struct hung_thread *b)
{
	if (a->family == FAMILY_EVENT_LOOP && a->tid != b->tid)
		return false;
	return a->executor_id == b->executor_id && !strcmp(a->executor, b->executor) &&
	       a->is_worker == b->is_worker;
}

static bool threads_wait_alike(const struct hung_thread *a, const struct hung_thread *b)
{
	return a->doing == b->doing && a->lock == b->lock &&
	       (a->lock || (a->what && b->what && !strcmp(a->what, b->what)));
}

/* For a thread's kind: how many there are, how many are blocked, and whether they wait for the same
 * thing. */
struct peers {
	size_t all, blocked, same;
};

static struct peers peers_of(const struct hang *hang, const struct hung_thread *thread)
{
	struct peers peers = { 0 };

	for (size_t i = 0; i < hang->count; i++) {
		const struct hung_thread *other = &hang->threads[i];

		if (!is_same_kind(thread, other))
			continue;
		peers.all++;
		peers.blocked += hung_thread_is_blocked(other);
		peers.same += hung_thread_is_blocked(other) && threads_wait_alike(thread, other);
	}
	return peers;
}

/* The thread to report: a deadlock, else one of a kind in which all are blocked, else the longest
 * wait. */
static const struct hung_thread *hang_worst_thread(const struct hang *hang)
{
	const struct hung_thread *worst = NULL;
	unsigned worst_rank = 0;

	for (size_t i = 0; i < hang->count; i++) {
		const struct hung_thread *thread = &hang->threads[i];
		struct peers peers = peers_of(hang, thread);
		unsigned rank = 1 + (peers.blocked == peers.all) + 2 * thread->deadlock;

		if (!hung_thread_is_blocked(thread))
			continue;
		if (!worst || rank > worst_rank ||
		    (rank == worst_rank && thread->for_ns > worst->for_ns)) {
			worst = thread;
			worst_rank = rank;
		}
	}
	return worst;
}

/* In an ended process, workers that never ran a task are unknown. */
static const char *kind_words(const struct hang *hang, const struct hung_thread *thread,
			      size_t count)
{
	const char *noun = thread->is_worker			 ? "worker"
			   : thread->family == FAMILY_EVENT_LOOP ? "event loop"
								 : "thread";

	return strings_print(
		&hang->session->strings, "%s %s%s%s", thread->executor, noun, count == 1 ? "" : "s",
		thread->is_worker && !hang->is_unwatched && hang->process->end != PROCESS_RUNNING
			? " that ran a task"
			: "");
}

static const char *blocked_words(struct hang *hang, const struct hung_thread *thread)
{
	struct strings *strings = &hang->session->strings;
	struct peers peers = peers_of(hang, thread);
	const char *sentence;

	if (thread->deadlock) {
		hang->state = HANG_DEADLOCK;
		sentence = strings_print(strings, "%s%s %s", *thread->name ? "thread " : "",
					 hung_thread_words(hang->session, thread),
					 doing_words(hang->session, thread, false));
	} else if (peers.blocked == peers.all && peers.all == 1) {
		hang->state = HANG_ALL;
		sentence = strings_print(strings, "the %s %s", kind_words(hang, thread, 1),
					 doing_words(hang->session, thread, false));
	} else if (peers.blocked == peers.all) {
		hang->state = HANG_ALL;
		sentence =
			peers.same == peers.all
				? strings_print(strings, "all %zu %s %s", peers.all,
						kind_words(hang, thread, peers.all),
						doing_words(hang->session, thread, true))
				: strings_print(strings, "all %zu %s are blocked; %zu of them %s",
						peers.all, kind_words(hang, thread, peers.all),
						peers.same,
						doing_words(hang->session, thread, peers.same > 1));
	} else {
		hang->state = HANG_BLOCKED;
		sentence = strings_print(strings, "%zu of %zu %s: %s %s", peers.blocked, peers.all,
					 kind_words(hang, thread, peers.all),
					 hung_thread_words(hang->session, thread),
					 doing_words(hang->session, thread, false));
	}
	return with_duration(strings, sentence, thread);
}

/* What tasks wait for, by the names of their innermost awaits. */
struct waits {
	uint64_t outside; /* time, sockets, signals, children: external events */
	uint64_t inside;  /* locks, channels, other tasks: provided by tasks or threads */
	uint64_t running, unknown;
};

static bool has_part(const char *name, const char *const *parts)
{
	for (; name && *parts; parts++)
		if (strstr(name, *parts))
			return true;
	return false;
}

/* asyncio's own functions that wait: for time, sockets and children, or for what tasks provide. */
static void count_python_group(struct waits *waits, const struct task_group *group)
{
	static const char *const outside[] = { "sleep",	      "sock_",	       "Stream",
					       "drain",	      "serve_forever", "wait_for",
					       "getaddrinfo", "Process.",      NULL };
	static const char *const inside[] = { "Lock.acquire", "Event.wait", "Condition.",
					      "Semaphore.",   "Barrier.",   "Queue.",
					      "TaskGroup.",   "_wait",	    "Task of ",
					      "_Gathering",   NULL };
	uint64_t *count = &waits->unknown;

	for (size_t i = group->awaits.count; i-- > 0;) {
		const struct frame *frame = &group->awaits.frames[i];

		if (frame->owner == OWNER_PROGRAM || count != &waits->unknown)
			break;
		if (has_part(frame->function, outside))
			count = &waits->outside;
		else if (has_part(frame->function, inside))
			count = &waits->inside;
	}
	*count += group->count;
}

static bool is_python_group(const struct task_group *group)
{
	const char *language = group->awaits.count ? group->awaits.frames[0].language : NULL;

	return language && !strcmp(language, "Python");
}

static void count_group(struct waits *waits, const struct task_group *group)
{
	static const char *const outside[] = { "::time::",   "Timer",	    "::net::", "::io::",
					       "::signal::", "::process::", "mio::",   NULL };
	static const char *const inside[] = {
		"::sync::", "::mutex::", "::rwlock::",	"JoinHandle", "JoinSet", "async_lock::",
		"channel",  "flume::",	 "::oneshot::", "::mpsc::",   NULL
	};
	const char *last =
		group->awaits.count ? group->awaits.frames[group->awaits.count - 1].function : NULL;

	if (group->state == TASK_RUNNING || group->state == TASK_WOKEN)
		waits->running += group->count;
	else if (is_python_group(group))
		count_python_group(waits, group);
	else if (group->sources.with_timer || group->sources.with_descriptor)
		waits->outside += group->count;
	else if (has_part(last, inside))
		waits->inside += group->count;
	else if (has_part(last, outside))
		waits->outside += group->count;
	else
		waits->unknown += group->count;
}

/* What it computes, and whether a loop turned meanwhile, cannot be seen from outside. */
static const char *busy_words(struct hang *hang)
{
	struct strings *strings = &hang->session->strings;
	size_t others = hang->busy_count - 1;
	const char *more = others ? strings_print(strings, " and %zu more", others) : "";

	hang->state = HANG_BUSY;
	return strings_print(strings,
			     "thread %s (%d)%s computed throughout the last second and never "
			     "waited; whether a loop turned meanwhile is not known from outside",
			     hang->busy[0].name, hang->busy[0].tid, more);
}

/* No thread is blocked. We do not claim that no task can continue: what may wake one is unknown. */
static const char *idle_words(struct hang *hang)
{
	struct strings *strings = &hang->session->strings;
	const struct process_tasks *tasks = &hang->process->tasks;
	struct waits waits = { 0 };

	for (size_t i = 0; i < tasks->group_count; i++)
		count_group(&waits, &tasks->groups[i]);
	hang->state = HANG_UNKNOWN;
	if (hang->is_unwatched && hang->old_tokio && !tasks->count)
		return strings_print(strings,
				     "it was not started under YieldSan, and "
				     "contains Tokio %s, whose tasks cannot be found from outside",
				     hang->old_tokio);
	if (hang->is_unwatched && !hang->process->executor_count && !tasks->count)
		return "it was not started under YieldSan, and no tasks of "
		       "Tokio, smol or asyncio were found in it";
	hang->state = HANG_IDLE;
	if (!tasks->count)
		return "no thread of an executor is blocked; what its tasks wait for is not known";
	hang->state = HANG_NONE;
	if (waits.outside || waits.running)
		return strings_print(
			strings,
			"no thread of an executor is blocked; of its tasks %llu wait for timers, "
			"sockets or children, %llu for locks, channels or tasks, %llu for "
			"something else, and %llu can run",
			(unsigned long long)waits.outside, (unsigned long long)waits.inside,
			(unsigned long long)waits.unknown, (unsigned long long)waits.running);
	hang->state = HANG_IDLE;
	return strings_print(
		strings,
		"no thread of an executor is blocked, and no task is known to wait for a timer, a "
		"socket or a child: %llu wait for locks, channels or tasks, %llu for something "
		"else",
		(unsigned long long)waits.inside, (unsigned long long)waits.unknown);
}

static const char *ended_words(struct hang *hang)
{
	const struct process *process = hang->process;

	hang->state = HANG_ENDED;
	return process->end == PROCESS_REPLACED
		       ? "the program was replaced by another one (exec)"
		       : strings_print(&hang->session->strings, "the process exited with status %d",
				       process->end_code);
}

/* NULL: no tasks are proven to wait for ever, or a thread's deadlock comes first. */
static const char *stuck_words(struct hang *hang, const struct hung_thread *thread)
{
	static const char deadlock[] = "deadlock: ";
	const struct finding *finding = hang->finding_count ? hang->findings[0] : NULL;
	const char *words;

	if (!finding || finding->severity < SEVERITY_ERROR || (thread && thread->deadlock))
		return NULL;
	words = kind_of(finding->kind)->subject(hang->session, finding);
	hang->state = HANG_DEADLOCK;
	return strncmp(words, deadlock, sizeof deadlock - 1) ? words : words + sizeof deadlock - 1;
}

void hang_judge(struct hang *hang)
{
	const struct hung_thread *thread = hang_worst_thread(hang);
	const char *stuck = stuck_words(hang, thread);
	const char *sentence =
		hang->process->end == PROCESS_ENDED || hang->process->end == PROCESS_REPLACED
			? ended_words(hang)
		: stuck		   ? stuck
		: thread	   ? blocked_words(hang, thread)
		: hang->busy_count ? busy_words(hang)
				   : idle_words(hang);

	hang->verdict = strings_print(&hang->session->strings, "%s: %s",
				      hang_state_word(hang->state), sentence);
}
