#include "main_script.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>

#include "contract/trace_format.h"
#include "executors/executors.h"
#include "judgement/limits.h"
#include "runtime/base/runtime.h"
#include "runtime/base/system_call.h"
#include "runtime/interpreters/javascript.h"
#include "runtime/libc/real.h"
#include "runtime/modules/modules.h"
#include "runtime/process/descriptors.h"
#include "runtime/stalls/sampler.h"
#include "runtime/trace/trace_records.h"
#include "runtime/turns/executor.h"
#include "runtime/turns/thread_slot.h"
#include "runtime/turns/turn_clock.h"
#include "runtime/unwind/unwinder.h"

#define FRAMES_TO_SCRIPT 24 /* frames from libuv's wait to the JavaScript code that called it */

static struct turn_usage since;
static uint64_t since_ns;
static struct executor *executor;

/* libuv's own functions; both only read once Node has made its loop. */
static void *(*default_loop)(void);
static int (*loop_is_alive)(const void *loop);

static uintptr_t script_symbol(const char *name)
{
	uintptr_t address = 0;

	for (size_t i = 0; !address && i < modules_count(); i++)
		address = module_symbol(modules_at(i), name);
	return address;
}

static void segment_begins(void)
{
	turn_usage_take(turn_clock_now());
	since = this_thread.turn_usage;
	since_ns = now_ns();
}

void main_script_begins(void)
{
	uintptr_t made = script_symbol("uv_default_loop"), alive = script_symbol("uv_loop_alive");

	if (!made || !alive || !javascript_is_nodes())
		return;
	default_loop = (void *(*)(void))made;
	loop_is_alive = (int (*)(const void *))alive;
	segment_begins();
	executor = executor_known(EXECUTOR_libuv);
	this_thread.main_script = executor != NULL;
	sampler_take();
	thread_slot_watch_end();
}

uint8_t main_script_flags(void)
{
	if (!javascript_runs())
		return 0;
	return loop_is_alive(default_loop()) ? SITE_MAIN_SCRIPT | SITE_LOOP_WAITS
					     : SITE_MAIN_SCRIPT;
}

/* Standard input is what a command-line tool waits for on purpose. */
static bool may_last_on(int fd)
{
	return fd > STDIN_FILENO && descriptor_get(fd).subject >= SUBJECT_PIPE;
}

bool main_script_watches(enum call_class class, int fd)
{
	return main_script_has(class) && (class != CLASS_TRANSFER || may_last_on(fd)) &&
	       javascript_runs();
}

/* Node opens thousands of these, and none of them is a FIFO. */
static bool is_module(const char *path)
{
	static const char *const ends[] = { ".js", ".json", ".cjs", ".mjs", ".node" };
	size_t length = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (length > strlen(ends[i]) && !strcmp(path + length - strlen(ends[i]), ends[i]))
			return true;
	return false;
}

bool main_script_may_wait_at(int directory, const char *path)
{
	struct statx status;

	if (!main_script_runs())
		return true;
	return path && !is_module(path) &&
	       !system_call(SYS_statx, directory, (long)path, AT_STATX_DONT_SYNC, STATX_TYPE,
			    (long)&status, 0) &&
	       S_ISFIFO(status.stx_mode);
}

struct executor *main_script_executor(void)
{
	return executor;
}

/* On a busy machine the start of Node alone may take a second, of which it runs for a tenth. */
bool main_script_is_long(void)
{
	struct turn_usage usage;

	if (now_ns() - since_ns < LIMIT_ROOT_HANG)
		return false;
	turn_usage_at(turn_clock_now(), &usage);
	return usage.switches < 0 || since.switches < 0 ||
	       usage.cpu_ns - since.cpu_ns >= LIMIT_ROOT_HANG / 2;
}

const struct turn_usage *main_script_start(void)
{
	return &since;
}

bool main_script_called(uint64_t wall_ns)
{
	if (wall_ns < LIMIT_ROOT_HANG)
		return false;
	segment_begins();
	return true;
}

bool main_script_goes_on(void)
{
	OWN_CODE_SCOPE;
	uint64_t frames[FRAMES_TO_SCRIPT];
	struct unwind_start here;
	size_t depth;

	UNWIND_HERE(&here);
	depth = unwinder_walk(&here, frames, NULL, FRAMES_TO_SCRIPT);
	for (size_t i = 0; i < depth; i++)
		if (javascript_made(frames[i]))
			return true;
	this_thread.main_script = false;
	return false;
}
