#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/events.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/libc/real.h"
#include "runtime/modules/modules.h"
#include "runtime/trace/sites.h"
#include "runtime/trace/trace.h"
#include "runtime/trace/trace_records.h"
#include "runtime/trace/trace_users.h"
#include "runtime/unwind/unwinder.h"
#include "phase.h"
#include "skip.h"
#include "summary.h"
#include "unwatched.h"

bool runtime_started;
bool runtime_silent;
bool modules_may_have_changed;
struct options runtime_options;

static bool modules_busy; /* a thread is scanning them */

static void module_added(struct module *module)
{
	event_module_added(module);
	if (trace_header())
		trace_write_module(module);
}

static void module_removed(struct module *module)
{
	event_module_removed(module);
	if (trace_header())
		trace_write_module_gone(module);
}

void modules_refresh(void)
{
	/* Don't wait: this may be a signal handler that interrupted the scan. */
	if (!runtime_started || __atomic_exchange_n(&modules_busy, true, __ATOMIC_ACQUIRE))
		return;
	{
		OWN_CODE_SCOPE;
		modules_may_have_changed = false;
		modules_scan(module_added, module_removed);
	}
	__atomic_store_n(&modules_busy, false, __ATOMIC_RELEASE);
}

/*
 * A child has none of its parent's threads, turns or roles, and opens its own trace when it needs
 * one.
 */
void process_forked(void)
{
	thread_forked();
	modules_busy = false;
	summary_not_first();
	event_forked();
	sites_forget();
	trace_forget();
	thread_arm();
}

void process_exits(int status, bool handlers, uintptr_t frame)
{
	struct trace_header *trace = trace_header();
	OWN_CODE_SCOPE;

	(void)handlers;
	phase_ends();
	event_exits(frame);
	if (!trace)
		return;
	trace->end_code = status & 0xff;
	trace->end_ns = now_ns();
	trace->end = TRACE_END_EXITED;
}

/* Runs last of all exit handlers, because it was registered first. */
static void process_ended(int status, void *unused)
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
	if (!runtime_silent && !summary_has_something()) {
		OWN_CODE_SCOPE;

		trace_remove();
	}
}

void process_exec_failed(void)
{
	struct trace_header *trace = trace_header();
	OWN_CODE_SCOPE;

	if (!trace || this_thread.vforked)
		return;
	trace->end = TRACE_END_UNKNOWN;
	trace_bring_back();
}

void process_drops_privileges(void)
{
	OWN_CODE_SCOPE;

	if (!runtime_started || this_thread.vforked)
		return;
	unwinder_unshare();
	trace_open();
}

void process_changes_user(uid_t user)
{
	OWN_CODE_SCOPE;

	if (!runtime_started || this_thread.vforked)
		return;
	unwinder_unshare();
	if (!trace_header() && trace_anyone_may_make())
		return;
	trace_let_user_make(user);
	if (trace_open() && user != (uid_t)-1)
		trace_give_to(user);
}

void process_installs_seccomp(void)
{
	process_drops_privileges();
	trace_reserve();
	trace_give_up_calls();
	event_silenced();
}

void thread_named(const char *name)
{
	struct thread_state *self = &this_thread;
	OWN_CODE_SCOPE;

	strncpy(self->name, name, sizeof self->name - 1);
	if (self->slot)
		memcpy(self->slot->name, self->name, sizeof self->name);
	event_thread_named(self->name);
}

static void find_clock(void)
{
	const struct module *libc = modules_find((uintptr_t)LIBC_OWN_FUNCTION);
	uintptr_t found = libc ? module_symbol(libc, "clock_gettime") : 0;

	if (found)
		libc_clock_gettime = (int (*)(clockid_t, struct timespec *))found;
}

/* glibc passes the arguments of main: elf/dl-init.c. */
__attribute__((constructor)) static void process_start(int argc, char **argv)
{
	char name[17] = "";
	struct option_error error;
	OWN_CODE_SCOPE;

	real_resolve_all();
	error = options_parse(&runtime_options, getenv(OPTIONS_VARIABLE));
	if (process_is_skipped(argc, argv))
		return;
	thread_init();
	if (!event_starting())
		return;
	modules_scan(module_added, NULL);
	find_clock();
	trace_init();
	summary_init(&error);
	unwatched_init();
	unwinder_init();
	pthread_atfork(unwinder_forks, NULL, process_forked);
	on_exit(process_ended, NULL);
	runtime_started = true;
	event_started();
	if (!prctl(PR_GET_NAME, name))
		thread_named(name);
}
