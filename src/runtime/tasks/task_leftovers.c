#include "task_leftovers.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "runtime/locks/held.h"
#include "runtime/base/file_status.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/base/system_call.h"
#include "task_resources.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/turn.h"

#define PLACES	   64 /* the oldest entry is replaced */

#define PF_EXITING 0x4

static struct leftover {
	uint64_t task; /* 0: free */
	enum trace_left_kind kind;
	pid_t pid;
	dev_t device; /* of a file: identifies it if the name is reused */
	ino_t number;
	char path[256];
	const struct known_stack *made;
	uint32_t left; /* offset of the trace_left_site once its task is gone; 0 */
	/* for a child: the turn that made it, and where a later turn last queried its state */
	uint64_t turn;
	const struct known_stack *asked;
	struct executor *executor;
	uint32_t type;
} leftovers[PLACES] MEMORY_TABLE;

static uint32_t next;

static void leftover_drop(struct leftover *leftover)
{
	if (__atomic_exchange_n(&leftover->task, 0, __ATOMIC_ACQ_REL))
		__atomic_fetch_sub(&task_resources_kept, 1, __ATOMIC_RELAXED);
}

/* NULL if no Tokio task is running, or there is no room. */
static struct leftover *leftover_take(uint64_t *task)
{
	const struct turn *turn = this_thread.turn;
	struct held_table *table;
	struct leftover *leftover;

	*task = turn->kind == TURN_TASK && turn->task && !this_thread.own_code
			? task_resources_number(turn->task, turn->type)
			: 0;
	table = *task ? held_table_take() : NULL;
	if (!table)
		return NULL;
	leftover = &leftovers[__atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % PLACES];
	leftover_drop(leftover);
	leftover->left = 0;
	leftover->made = KNOWN_STACK_HERE(&table->memory);
	return leftover;
}

static void leftover_keep(struct leftover *leftover, uint64_t task)
{
	__atomic_store_n(&leftover->task, task, __ATOMIC_RELEASE);
	__atomic_fetch_add(&task_resources_kept, 1, __ATOMIC_RELAXED);
}

void task_makes_child(pid_t pid)
{
	uint64_t task;
	struct leftover *leftover = leftover_take(&task);

	if (!leftover)
		return;
	leftover->kind = LEFT_CHILD;
	leftover->pid = pid;
	leftover->turn = this_thread.turn->start;
	leftover->asked = NULL;
	leftover_keep(leftover, task);
}

static bool path_is_below(const char *path, const char *directory)
{
	size_t length = directory ? strlen(directory) : 0;

	while (length && directory[length - 1] == '/')
		length--;
	return length && !strncmp(path, directory, length) && path[length] == '/';
}

static bool is_temporary(const char *path)
{
	return path_is_below(path, "/tmp") || path_is_below(path, "/var/tmp") ||
	       path_is_below(path, "/dev/shm") || path_is_below(path, getenv("TMPDIR"));
}

void task_makes_file(const char *path, int fd)
{
	struct leftover *leftover;
	struct statx file = { 0 };
	uint64_t task;

	if (!is_temporary(path) || strlen(path) >= sizeof leftover->path || !file_status(fd, &file))
		return;
	leftover = leftover_take(&task);
	if (!leftover)
		return;
	leftover->kind = LEFT_FILE;
	leftover->device = makedev(file.stx_dev_major, file.stx_dev_minor);
	leftover->number = file.stx_ino;
	strcpy(leftover->path, path);
	leftover_keep(leftover, task);
}

/*
 * When tokio::process drops a child's handle, it queries whether the child has ended. A handle
 * dropped in the turn that made it is taken as detached on purpose.
 */
static void note_ask(struct leftover *leftover)
{
	const struct turn *turn = this_thread.turn;
	struct held_table *table;
	OWN_CODE_SCOPE;

	if (!turn || turn->kind != TURN_TASK || !turn->type || turn->start == leftover->turn)
		return;
	table = held_table_take();
	if (!table)
		return;
	leftover->executor = turn->executor;
	leftover->type = turn->type;
	leftover->asked = KNOWN_STACK_HERE(&table->memory);
}

void task_child_used(pid_t pid, bool waits)
{
	for (unsigned i = 0; task_resources_kept && i < PLACES; i++) {
		struct leftover *leftover = &leftovers[i];

		if (!leftover->task || leftover->kind != LEFT_CHILD || leftover->pid != pid)
			continue;
		if (leftover->left || waits)
			leftover_drop(leftover);
		else
			note_ask(leftover);
	}
}

/* Reads the beginning of a file of a process in /proc, as a string. */
static void read_of(pid_t pid, const char *file, char *text, size_t size)
{
	char path[48];
	long fd, length = 0;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	fd = system_call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
	if (fd >= 0) {
		length = system_call(SYS_read, fd, (long)text, (long)size - 1, 0, 0, 0);
		system_call(SYS_close, fd, 0, 0, 0, 0, 0);
	}
	text[length > 0 ? length : 0] = '\0';
}

/* Sources: proc_pid_status(5), proc_pid_stat(5); PF_EXITING of Linux' include/linux/sched.h. */
static bool is_dying(pid_t pid)
{
	static const char *const pending[] = { "\nSigPnd:\t", "\nShdPnd:\t" };
	char text[2048];
	const char *name_end;
	unsigned flags = 0;

	read_of(pid, "status", text, sizeof text);
	for (unsigned i = 0; i < sizeof pending / sizeof *pending; i++) {
		const char *line = strstr(text, pending[i]);

		if (line &&
		    strtoull(line + strlen(pending[i]), NULL, 16) & UINT64_C(1) << (SIGKILL - 1))
			return true;
	}
	read_of(pid, "stat", text, sizeof text);
	name_end = strrchr(text, ')');
	return name_end && sscanf(name_end, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
	       flags & PF_EXITING;
}

/* A killed child exists for a moment longer. */
static bool leftover_runs(pid_t pid)
{
	siginfo_t info = { 0 };

	return !system_call(SYS_waitid, P_PID, pid, (long)&info, WEXITED | WNOHANG | WNOWAIT, 0,
			    0) &&
	       !info.si_pid && !is_dying(pid);
}

static bool leftover_is_there(const struct leftover *leftover)
{
	struct stat file = { 0 };

	if (leftover->kind == LEFT_CHILD)
		return leftover_runs(leftover->pid);
	return !system_call(SYS_newfstatat, AT_FDCWD, (long)leftover->path, (long)&file,
			    AT_SYMLINK_NOFOLLOW, 0, 0) &&
	       file.st_dev == leftover->device && file.st_ino == leftover->number;
}

void task_leftovers_left(uint64_t task, uint32_t cancelled)
{
	OWN_CODE_SCOPE;

	for (unsigned i = 0; i < PLACES; i++) {
		struct leftover *leftover = &leftovers[i];
		struct trace_left_site *site;

		if (leftover->task != task || leftover->left)
			continue;
		site = leftover_is_there(leftover)
			       ? task_left_site(cancelled, leftover->made, leftover->kind)
			       : NULL;
		if (site)
			leftover->left = trace_offset(site);
		else
			leftover_drop(leftover);
	}
}

void task_leftovers_at_exit(void)
{
	OWN_CODE_SCOPE;

	for (unsigned i = 0; task_resources_kept && i < PLACES; i++) {
		struct leftover *leftover = &leftovers[i];
		struct trace_left_site *site = leftover->left ? trace_at(leftover->left) : NULL;
		bool asked = !site && leftover->kind == LEFT_CHILD && leftover->asked;

		if (!leftover->task || (!site && !asked))
			continue;
		if (leftover_is_there(leftover)) {
			if (asked && trace_open())
				site = task_dropped_site(leftover->type, leftover->executor,
							 leftover->made, leftover->asked);
			if (site)
				__atomic_fetch_add(&site->open, 1, __ATOMIC_RELAXED);
		}
		leftover_drop(leftover); /* a process may get here twice */
	}
}

void task_leftovers_forget(void)
{
	memory_zero(leftovers, sizeof leftovers);
}
