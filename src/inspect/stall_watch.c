#include "stall_watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "judgement/limits.h"
#include "support/memory.h"
#include "ancestor.h"
#include "crowd.h"
#include "holder_watch.h"
#include "stuck_snapshot.h"
#include "task_snapshot.h"
#include "watched_root.h"
#include "watched_trace.h"
#include "support/clock.h"

#define LOOK_MS	     5			  /* between two samples */
#define DIRECTORY_MS 50			  /* maximum between two scans for new traces */
#define TRACE_TRIES  1000		  /* retries for a trace that is not ready yet */
#define LINE_NS	     UINT64_C(2000000000) /* in the long run, one line per interval */
#define LINE_BURST   8			  /* initial burst of lines */

/* A trace in the directory. Its process may have created the file but not written
 * its header yet. */
struct known_file {
	char *name;
	unsigned tries; /* remaining; 0: watched, or not of this run */
};

struct stall_watch {
	const struct stall_watch_start *start;
	struct crowd crowd;
	struct timespec directory_changed;
	struct known_file *files;
	size_t file_count, file_room;
	struct watched_trace **watched;
	size_t count, room;
	uint64_t reported_ns;
	bool line_is_near;    /* a turn of the current trace will soon be reported */
	uint64_t prepared_ns; /* when files were last opened ahead of such a line */
};

static struct known_file *known_file(struct stall_watch *watch, const char *name)
{
	for (size_t i = 0; i < watch->file_count; i++)
		if (!strcmp(watch->files[i].name, name))
			return &watch->files[i];
	watch->files = memory_grow(watch->files, watch->file_count, &watch->file_room,
				   sizeof *watch->files);
	watch->files[watch->file_count] = (struct known_file){ memory_text(name), TRACE_TRIES };
	return &watch->files[watch->file_count++];
}

static void look_at_file(struct stall_watch *watch, const char *name)
{
	struct known_file *file = known_file(watch, name);
	char path[PATH_MAX + NAME_MAX + 2];
	struct watched_trace *trace;

	if (!file->tries)
		return;
	file->tries--;
	snprintf(path, sizeof path, "%s/%s", watch->start->traces->path, name);
	trace = watched_trace_open(path, watch->start->traces->run);
	if (!trace)
		return;
	file->tries = 0;
	watch->watched =
		memory_grow(watch->watched, watch->count, &watch->room, sizeof *watch->watched);
	watch->watched[watch->count++] = trace;
}

static DIR *open_directory(const struct stall_watch *watch)
{
	DIR *stream = opendir(watch->start->traces->path);
	int fd;

	if (stream || errno != EACCES)
		return stream;
	fd = ancestor_open(ANCESTOR_DIRECTORY, 0, NULL);
	return fd < 0 ? NULL : fdopendir(fd);
}

static void look_for_traces(struct stall_watch *watch)
{
	DIR *stream = open_directory(watch);
	struct dirent *entry;

	while (stream && (entry = readdir(stream)))
		if (trace_is_named(entry->d_name))
			look_at_file(watch, entry->d_name);
	if (stream)
		closedir(stream);
}

/* Open a new trace soon: until then its process has no data about the machine's load. */
static bool directory_has_changed(struct stall_watch *watch)
{
	struct stat status;

	if (stat(watch->start->traces->path, &status) ||
	    (status.st_mtim.tv_sec == watch->directory_changed.tv_sec &&
	     status.st_mtim.tv_nsec == watch->directory_changed.tv_nsec))
		return false;
	watch->directory_changed = status.st_mtim;
	return true;
}

/*
 * Adds what the thread did since the first sample. If it was seen asleep, count the time as sleep:
 * a virtual machine may lose time that counts neither as running nor as runnable, which is not the
 * thread's fault.
 */
static void watched_thread_add_up(struct watched_thread *thread, const struct thread_state *state,
				  uint64_t age_ns, uint64_t warning_ns)
{
	struct trace_look *look = &thread->look;
	uint64_t seen_ns, waited_ns;

	look->last_ns = clock_monotonic_ns();
	seen_ns = look->last_ns - look->since_ns;
	thread->looks++;
	thread->asleep += thread_sleeps(state);
	waited_ns = (uint64_t)((double)seen_ns * (double)thread->asleep / (double)thread->looks);
	look->ran_ns = state->ran_ns - thread->first.ran_ns;
	if (look->ran_ns > seen_ns)
		look->ran_ns = seen_ns;
	if (waited_ns > seen_ns - look->ran_ns)
		waited_ns = seen_ns - look->ran_ns;
	look->runnable_ns = seen_ns - look->ran_ns - waited_ns;
	look->stall = age_ns < look->runnable_ns + warning_ns ? STALL_RUNNABLE
		      : look->ran_ns >= waited_ns	      ? STALL_BUSY
							      : STALL_WAITING;
}

static void look_at_wait(struct watched_trace *trace, struct watched_thread *thread, pid_t tid)
{
	struct trace_look *look = &thread->look;
	struct thread_wait wait;

	if (!thread_wait_read(trace->header.pid, tid, &wait))
		return;
	look->system_call = wait.system_call;
	memcpy(look->channel, wait.channel, sizeof look->channel);
	/* The same sleep as before. */
	if (look->depth && wait.sp == thread->sp && wait.pc == thread->pc)
		return;
	thread->sp = wait.sp;
	thread->pc = wait.pc;
	look->depth =
		(uint32_t)outside_stack(trace->outside, &wait, look->frames, TRACE_LOOK_FRAMES);
}

/* The largest doubled multiple of the threshold that an age has reached; 0: none. */
static uint64_t last_due(const struct stall_watch *watch, uint64_t age_ns)
{
	uint64_t last_ns = 0;

	for (uint64_t due = watch->start->options->long_turn_error_us * UINT64_C(1000);
	     due <= age_ns; due *= 2)
		last_ns = due;
	return last_ns;
}

/* The previous watcher has already reported what a turn reached before this one took over. */
static uint64_t reported_before(const struct stall_watch *watch, uint64_t age_ns)
{
	uint64_t start_ns = watch->start->resumed_ns, now_ns = clock_monotonic_ns();

	return start_ns && age_ns > now_ns - start_ns
		       ? last_due(watch, age_ns - (now_ns - start_ns))
		       : 0;
}

static void begin_look(const struct stall_watch *watch, struct watched_thread *thread,
		       uint64_t turn, uint64_t age_ns, const struct thread_state *state)
{
	uint32_t sequence = thread->look.sequence;

	thread->turn = turn;
	thread->reported_ns = reported_before(watch, age_ns);
	thread->sp = thread->pc = 0;
	thread->looks = thread->asleep = 0;
	thread->first = *state;
	memset(&thread->look, 0, sizeof thread->look);
	thread->look.sequence = sequence;
	thread->look.turn = turn;
	thread->look.since_ns = clock_monotonic_ns();
}

/* Doubling intervals: report at the first, second, fourth... multiple of the threshold. */
static bool is_time_to_tell(struct stall_watch *watch, struct watched_thread *thread,
			    uint64_t age_ns)
{
	uint64_t error_ns = watch->start->options->long_turn_error_us * UINT64_C(1000);
	uint64_t own_ns = age_ns > thread->look.runnable_ns ? age_ns - thread->look.runnable_ns : 0;
	uint64_t now = clock_monotonic_ns();

	watch->line_is_near |= own_ns >= error_ns / 2 && own_ns < error_ns;
	if (own_ns < error_ns || (thread->reported_ns && age_ns < 2 * thread->reported_ns))
		return false;
	/* Limits the saved-up lines to the burst. */
	if (watch->reported_ns + LINE_BURST * LINE_NS < now)
		watch->reported_ns = now - LINE_BURST * LINE_NS;
	if (watch->reported_ns + LINE_NS > now)
		return false;
	watch->reported_ns += LINE_NS;
	/* Late by one sample and other turns' work: the next report is due at
	 * double the multiple. */
	thread->reported_ns = last_due(watch, age_ns);
	return true;
}

/* For root futures only sleeping threads are reported from here; running ones are sampled. */
static bool look_at_root(struct stall_watch *watch, struct watched_trace *trace,
			 struct watched_thread *thread, const struct trace_turn_times *times,
			 const struct trace_thread *slot)
{
	const uint64_t warning_ns = watch->start->options->long_turn_warning_us * UINT64_C(1000);
	uint64_t turn = watched_root_turn(trace, thread, times, slot), age_ns;
	struct thread_state state;

	if (!turn || !thread_state_read(trace->header.pid, slot->tid, &state)) {
		thread->turn = 0;
		return false;
	}
	if (thread->turn != turn)
		begin_look(watch, thread, turn, 0, &state);
	age_ns = clock_monotonic_ns() - thread->look.since_ns;
	watched_thread_add_up(thread, &state, age_ns, warning_ns);
	if (age_ns < warning_ns || thread->look.stall != STALL_WAITING)
		return false;
	if (thread_sleeps(&state))
		look_at_wait(trace, thread, slot->tid);
	watched_trace_write(trace, thread, times->look);
	return is_time_to_tell(watch, thread, age_ns);
}

/* A call of Node's main script, which is reported once it has lasted for as long as one that hangs.
 */
static bool is_call_of_script(const struct watched_trace *trace, const struct trace_thread *slot)
{
	struct trace_executor executor;

	return slot->call.flags & SITE_MAIN_SCRIPT &&
	       pread(trace->fd, &executor, sizeof executor, slot->call.executor) ==
		       sizeof executor &&
	       executor.family == FAMILY_EVENT_LOOP;
}

/* A call of a root future: its stack is in the trace, and it has no turn around it. */
static bool look_at_root_call(struct stall_watch *watch, const struct watched_trace *trace,
			      struct watched_thread *thread, const struct trace_thread *slot)
{
	const uint64_t start_ns = slot->call.start_ns, now = clock_monotonic_ns();
	const uint64_t age_ns = now > start_ns ? now - start_ns : 0;
	struct thread_state state;

	if (age_ns < LIMIT_ROOT_HANG && is_call_of_script(trace, slot))
		return false;
	if (thread->turn != start_ns) {
		if (!thread_state_read(trace->header.pid, slot->tid, &state))
			return false;
		begin_look(watch, thread, start_ns, age_ns, &state);
	}
	return is_time_to_tell(watch, thread, age_ns);
}

static bool is_root_call(const struct trace_thread *slot)
{
	return slot->call.sequence & 1 && !(slot->call.flags & SITE_ALLOWED) &&
	       slot->call.flags &
		       (SITE_ROOT_FUTURE | SITE_ROOT_CURRENT_THREAD | SITE_ROOT_MULTI_THREAD);
}

/* Returns whether the thread is in a long turn that must be reported now. */
static bool look_at_thread(struct stall_watch *watch, struct watched_trace *trace,
			   struct watched_thread *thread)
{
	const uint64_t warning_ns = watch->start->options->long_turn_warning_us * UINT64_C(1000);
	struct trace_turn_times times;
	struct trace_thread slot;
	struct thread_state state;
	enum watched_root root;
	uint64_t age_ns;

	if (!watched_trace_read(trace, thread, &times, &slot))
		return false;
	if (!slot.turn_start && is_root_call(&slot))
		return look_at_root_call(watch, trace, thread, &slot);
	if (!slot.turn_start)
		return look_at_root(watch, trace, thread, &times, &slot);
	age_ns = watched_trace_age(trace, slot.turn_start);
	root = watched_root_of(trace, thread, &times, &slot);
	if (root == ROOT_OVER || (root == ROOT_NOT && age_ns < warning_ns) ||
	    !thread_state_read(trace->header.pid, slot.tid, &state))
		return false;
	if (thread->turn != slot.turn_start)
		begin_look(watch, thread, slot.turn_start, age_ns, &state);
	if (age_ns < warning_ns)
		return false;
	watched_thread_add_up(thread, &state, age_ns, warning_ns);
	/* A call in progress has its stack in the trace. */
	if (thread_sleeps(&state) && !(slot.call.sequence & 1))
		look_at_wait(trace, thread, slot.tid);
	watched_trace_write(trace, thread, times.look);
	return is_time_to_tell(watch, thread, age_ns);
}

/* Open the debug information early: it takes most of the first line's time, which would be late on
 * a busy machine. */
static void prepare_line(struct stall_watch *watch, const struct watched_trace *trace)
{
	watch->start->report(trace->path, 0, NULL);
	watch->prepared_ns = clock_monotonic_ns();
}

/* What the options halt and on_finding want. The runtime does it for what it sees itself. */
static void act_on_stuck(const struct stall_watch *watch, pid_t pid, enum severity severity)
{
	const struct options *options = watch->start->options;
	enum severity halts = options->halt == HALT_WARNING ? SEVERITY_WARNING
			      : options->halt == HALT_ERROR ? SEVERITY_ERROR
							    : SEVERITIES;
	bool stops = options->on_finding == ON_FINDING_STOP && severity == SEVERITY_ERROR;

	if (severity < halts && !stops)
		return;
	fprintf(watch->start->out, "yieldsan: [%d] %s\n", (int)pid,
		severity >= halts ? "halt: aborted by SIGABRT" : "stopped for a debugger");
	fflush(watch->start->out);
	kill(pid, severity >= halts ? SIGABRT : SIGSTOP);
}

static void look_for_stuck(struct stall_watch *watch, struct watched_trace *trace)
{
	const uint64_t least_ns = watch->start->options->lock_wait_ms * UINT64_C(1000000);
	const struct stuck_records *records = stuck_snapshot_look(trace->stuck, trace, least_ns);

	if (records && watch->start->report_stuck)
		act_on_stuck(watch, trace->header.pid,
			     watch->start->report_stuck(trace->path, records, watch->start->out));
}

static void look_at_trace(struct stall_watch *watch, struct watched_trace *trace)
{
	const uint64_t error_ns = watch->start->options->long_turn_error_us * UINT64_C(1000);
	bool tell = false;

	watch->line_is_near = false;
	watched_trace_write_crowd(trace, &watch->crowd);
	holder_watch_look(trace);
	task_snapshot_look(trace->tasks, trace);
	look_for_stuck(watch, trace);
	for (size_t i = 0; trace->scale && i < trace->count; i++)
		tell |= look_at_thread(watch, trace, &trace->threads[i]);
	if (tell)
		watch->start->report(trace->path, error_ns, watch->start->out);
	else if (watch->line_is_near && watch->prepared_ns + LINE_NS < clock_monotonic_ns())
		prepare_line(watch, trace);
}

/* If a process vanishes without recording its end, it was killed. */
static void end_watch_of(struct watched_trace *trace)
{
	if (!watched_trace_refresh(trace) && trace->header.end == TRACE_END_UNKNOWN)
		task_snapshot_write(trace->tasks, trace);
	stuck_snapshot_write(trace->stuck, trace);
	watched_trace_close(trace);
}

static void stall_watch_look(struct stall_watch *watch)
{
	for (size_t i = 0; i < watch->count;) {
		if (watched_trace_refresh(watch->watched[i])) {
			look_at_trace(watch, watch->watched[i++]);
			continue;
		}
		end_watch_of(watch->watched[i]);
		watch->watched[i] = watch->watched[--watch->count];
	}
}

void stall_watch_run(const struct stall_watch_start *start)
{
	struct stall_watch watch = { .start = start };
	uint64_t now_ns, due_ns = clock_monotonic_ns();
	unsigned round = 0;

	crowd_init(&watch.crowd);
	do {
		now_ns = clock_monotonic_ns();
		crowd_look(&watch.crowd, now_ns, due_ns);
		if (directory_has_changed(&watch) || round++ % (DIRECTORY_MS / LOOK_MS) == 0)
			look_for_traces(&watch);
		stall_watch_look(&watch);
		due_ns = clock_monotonic_ns() + LOOK_MS * UINT64_C(1000000);
	} while (!ancestor_has_left(start->ancestor, LOOK_MS));
	for (size_t i = 0; i < watch.count; i++)
		end_watch_of(watch.watched[i]);
	for (size_t i = 0; i < watch.file_count; i++)
		free(watch.files[i].name);
	free(watch.watched);
	free(watch.files);
	crowd_deinit(&watch.crowd);
}
