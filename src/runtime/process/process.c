#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/turns/allowance.h"
#include "runtime/libc/real.h"
#include "runtime/calls/descriptors.h"
#include "runtime/loops/event_loop.h"
#include "runtime/turns/executor.h"
#include "runtime/turns/named.h"
#include "runtime/tasks/task_module.h"
#include "runtime/tasks/root_turn.h"
#include "runtime/tasks/root_watch.h"
#include "runtime/tasks/task_root.h"
#include "runtime/tasks/tokio.h"
#include "runtime/futures/cancel_look.h"
#include "runtime/futures/guard_look.h"
#include "runtime/futures/guard_rest.h"
#include "runtime/futures/guard_sites.h"
#include "runtime/futures/layout_map.h"
#include "runtime/futures/root_look.h"
#include "runtime/locks/held.h"
#include "runtime/locks/lock_sites.h"
#include "runtime/locks/lock_wait.h"
#include "runtime/modules/modules.h"
#include "runtime/base/runtime.h"
#include "runtime/stalls/sampler.h"
#include "runtime/trace/sites.h"
#include "skip.h"
#include "summary.h"
#include "runtime/tasks/task_leavings.h"
#include "runtime/tasks/task_resources.h"
#include "runtime/base/thread.h"
#include "runtime/turns/thread_slot.h"
#include "runtime/trace/trace.h"
#include "runtime/trace/trace_records.h"
#include "runtime/turns/turn_clock.h"
#include "runtime/turns/turn_times.h"
#include "unwatched.h"
#include "runtime/unwind/unwinder.h"

bool runtime_started;
bool runtime_silent;
bool runtime_guesses;
bool modules_may_have_changed;
struct options runtime_options;

static bool modules_busy; /* somebody looks at them */

static void module_added(struct module *module)
{
	for (unsigned i = 0; i < recogniser_count; i++)
		if (recognisers[i].module_added)
			recognisers[i].module_added(module);
	if (trace_header())
		trace_write_module(module);
}

static void module_removed(struct module *module)
{
	unwinder_forget(module->start, module->end);
	if (trace_header())
		trace_write_module_gone(module);
}

void modules_refresh(void)
{
	/* Not to be waited for: a signal handler may have come in between. */
	if (!runtime_started || __atomic_exchange_n(&modules_busy, true, __ATOMIC_ACQUIRE))
		return;
	{
		OWN_CODE_SCOPE;
		modules_may_have_changed = false;
		modules_scan(module_added, module_removed);
	}
	__atomic_store_n(&modules_busy, false, __ATOMIC_RELEASE);
}

/* A child has none of its parent's threads, turns or roles, and its own trace when it needs one. */
void process_forked(void)
{
	struct thread_state *self = &this_thread;

	self->turn = NULL;
	self->in_call = false;
	self->root_suspect = false;
	self->root_polled = false;
	self->own_code = 0;
	self->serving = SERVING_NOBODY;
	modules_busy = false;
	unwinder_forked();
	lock_waits_forked(self->slot ? self->slot->tid : 0);
	held_forked();
	lock_sites_forget();
	guard_sites_forget();
	cancel_sites_forget();
	task_resources_forget();
	guard_rests_forget();
	root_look_forget();
	summary_not_first();
	thread_slot_forget();
	event_loops_forget();
	executors_forget_records();
	sites_forget();
	allowance_forget();
	trace_forget();
	for (unsigned i = 0; i < recogniser_count; i++)
		if (recognisers[i].forked)
			recognisers[i].forked();
	thread_arm();
}

/* The program ends within these: they lasted until now. */
static void time_tasks(uintptr_t frame)
{
	for (struct turn *turn = this_thread.turn;
	     turn && turn->kind == TURN_TASK && frame < turn->address; turn = turn->parent)
		turn_times_end(turn);
}

static void leave_turns(void)
{
	this_thread.turn = NULL;
	event_loops_forget();
	thread_arm();
}

void process_exits(int status, bool handlers, uintptr_t frame)
{
	struct trace_header *trace = trace_header();
	OWN_CODE_SCOPE;

	(void)handlers;
	guard_look_at_exit();
	task_leavings_at_exit();
	event_loop_exits(frame);
	time_tasks(frame);
	root_turn_is_over();
	root_watch_take(false);
	leave_turns();
	if (!trace)
		return;
	/* Where its state lies was learnt by now, or never. */
	if (tokio_misses_roots())
		__atomic_fetch_or(&trace->flags, TRACE_NO_ROOT_FUTURES, __ATOMIC_RELAXED);
	if (guard_look_is_blind)
		__atomic_fetch_or(&trace->flags, TRACE_NO_LAYOUT, __ATOMIC_RELAXED);
	turn_clock_calibrate();
	trace->end_code = status & 0xff;
	trace->end_ns = now_ns();
	trace->end = TRACE_END_EXITED;
}

/* The very last of the exit handlers: it was registered first. */
static void ended(int status, void *unused)
{
	OWN_CODE_SCOPE;

	(void)unused;
	process_exits(status, false, UINTPTR_MAX);
	summary_tell();
}

void process_execs(void)
{
	struct trace_header *trace = trace_header();

	if (!trace || this_thread.vforked)
		return;
	trace->end_ns = now_ns();
	trace->end = TRACE_END_EXECED;
}

void process_exec_failed(void)
{
	struct trace_header *trace = trace_header();

	if (trace && !this_thread.vforked)
		trace->end = TRACE_END_UNKNOWN;
}

void process_drops_privileges(void)
{
	OWN_CODE_SCOPE;

	if (runtime_started && !this_thread.vforked)
		trace_open();
}

void process_installs_seccomp(void)
{
	process_drops_privileges();
	runtime_silent = true;
	sampler_stop_all();
	if (trace_header())
		__atomic_fetch_or(&trace_header()->flags, TRACE_SECCOMP, __ATOMIC_RELAXED);
}

/* Where the program itself has an executor of tasks: block_on may run on this thread before it ever
 * waits for anything. */
static void may_run_root_future(void)
{
	const struct task_module *module = task_module_of(modules_at(0)->start);

	if (!module)
		return;
	task_thread_may_be_root(task_module_executor(module));
	sampler_take();
	thread_slot_watch_end();
}

/* Tokio's own threads run none: what lies between their tasks is theirs. */
static bool is_worker_name(const char *name)
{
	return !strncmp(name, "tokio-r", strlen("tokio-r"));
}

void thread_named(const char *name)
{
	struct thread_state *self = &this_thread;
	OWN_CODE_SCOPE;

	strncpy(self->name, name, sizeof self->name - 1);
	if (self->slot)
		memcpy(self->slot->name, self->name, sizeof self->name);
	named_thread(self->name);
	/* A test of Rust's has a thread of its own, named after it. */
	if (runtime_started && !is_worker_name(name))
		may_run_root_future();
}

/* glibc passes the arguments of main: elf/dl-init.c. */
__attribute__((constructor)) static void start(int argc, char **argv)
{
	char name[17] = "";
	OWN_CODE_SCOPE;

	real_resolve_all();
	options_parse(&runtime_options,
		      getenv(OPTIONS_VARIABLE)); /* `yieldsan run` told of bad ones */
	if (process_is_skipped(argc, argv))
		return;
	thread_init();
	turn_clock_init();
	if (descriptors_init() || thread_slot_init())
		return;
	layout_map_init();
	modules_scan(module_added, NULL);
	trace_init();
	summary_init();
	unwatched_init();
	runtime_guesses = unwinder_init() != 0;
	pthread_atfork(NULL, NULL, process_forked);
	on_exit(ended, NULL);
	runtime_started = true;
	/* #[tokio::main] runs its root future on this thread, before it ever waits. */
	may_run_root_future();
	if (!prctl(PR_GET_NAME, name))
		thread_named(name);
}
