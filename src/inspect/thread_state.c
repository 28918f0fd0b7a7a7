#include "thread_state.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/trace_format.h"
#include "process_file.h"

bool thread_state_read(pid_t pid, pid_t tid, struct thread_state *state)
{
	char text[512];
	const char *behind;

	if (!process_text(pid, tid, "stat", text, sizeof text))
		return false;
	behind = strrchr(text, ')'); /* the name may contain any character */
	if (!behind || !behind[1])
		return false;
	state->letter = behind[2];
	if (!process_text(pid, tid, "schedstat", text, sizeof text) ||
	    sscanf(text, "%" SCNu64 " %" SCNu64, &state->ran_ns, &state->runnable_ns) != 2)
		return false;
	return true;
}

bool thread_sleeps(const struct thread_state *state)
{
	return !strchr("RTt", state->letter);
}

uint64_t thread_switches(pid_t pid, pid_t tid)
{
	static const char name[] = "voluntary_ctxt_switches:";
	unsigned long long switches = 0;
	char path[96], line[256];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)pid, (int)tid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file))
		if (!strncmp(line, name, sizeof name - 1))
			switches = strtoull(line + sizeof name - 1, NULL, 10);
	if (file)
		fclose(file);
	return switches;
}

/* When a thread ran last, by the clock of its CPU. */
static bool read_last_run(const char *path, uint64_t *ns)
{
	static const char name[] = "se.exec_start";
	FILE *file = fopen(path, "re");
	uint64_t ms = 0, part = 0;
	bool found = false;
	char line[256];

	while (file && !found && fgets(line, sizeof line, file))
		found = !strncmp(line, name, sizeof name - 1) &&
			sscanf(line + sizeof name - 1, " : %" SCNu64 ".%6" SCNu64, &ms, &part) == 2;
	if (file)
		fclose(file);
	*ns = ms * 1000000 + part;
	return found;
}

/* proc(5): the 39th field, which is the 37th behind the name. -1: unknown. */
static int last_cpu(pid_t pid, pid_t tid)
{
	char text[512];
	const char *at;

	if (!process_text(pid, tid, "stat", text, sizeof text))
		return -1;
	at = strrchr(text, ')');
	for (int field = 2; at && field < 39; field++)
		at = strchr(at + 1, ' ');
	return at ? atoi(at) : -1;
}

uint64_t thread_asleep_ns(pid_t pid, pid_t tid)
{
	int cpu = last_cpu(pid, tid);
	uint64_t last_ns, now_ns;
	cpu_set_t own, its;
	char path[96];
	bool known;

	snprintf(path, sizeof path, "/proc/%d/task/%d/sched", (int)pid, (int)tid);
	if (cpu < 0 || cpu >= CPU_SETSIZE || !read_last_run(path, &last_ns) ||
	    sched_getaffinity(0, sizeof own, &own))
		return 0;
	/* Each CPU has a clock of its own, and we run now. */
	CPU_ZERO(&its);
	CPU_SET(cpu, &its);
	if (sched_setaffinity(0, sizeof its, &its))
		return 0;
	known = read_last_run("/proc/thread-self/sched", &now_ns);
	sched_setaffinity(0, sizeof own, &own);
	return known && now_ns > last_ns ? now_ns - last_ns : 0;
}

bool thread_wait_read(pid_t pid, pid_t tid, struct thread_wait *wait)
{
	char text[512];
	uint64_t arguments[6];
	long number;

	memset(wait, 0, sizeof *wait);
	/* "NUMBER ARGUMENTS... SP PC", "-1 SP PC" outside a system call, "running". */
	if (!process_text(pid, tid, "syscall", text, sizeof text) || *text == 'r')
		return false;
	if (sscanf(text,
		   "%ld %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64
		   " %" SCNx64 " %" SCNx64,
		   &number, &arguments[0], &arguments[1], &arguments[2], &arguments[3],
		   &arguments[4], &arguments[5], &wait->sp, &wait->pc) == 9)
		memcpy(wait->arguments, arguments, sizeof arguments);
	else if (sscanf(text, "%ld %" SCNx64 " %" SCNx64, &number, &wait->sp, &wait->pc) != 3)
		return false;
	wait->system_call = number < 0 ? TRACE_PAGE_FAULT : (uint32_t)number + 1;
	if (process_text(pid, tid, "wchan", text, sizeof text) && strcmp(text, "0"))
		snprintf(wait->channel, sizeof wait->channel, "%.*s", (int)sizeof wait->channel - 1,
			 text);
	return true;
}
