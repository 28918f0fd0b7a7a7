#include "crowd.h"

#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/runtime.h"
#include "judgement/limits.h"
#include "shared/load.h"
#include "runtime/base/system_call.h"
#include "shared/text.h"
#include "trace.h"

/* An observation is valid for this long before and after: the next is due after 5 ms. */
#define CROWD_LOOK_NS UINT64_C(10000000)

/* The observer itself is not scheduled if it is this late. */
#define LATE_LOOK_NS UINT64_C(40000000)

/* A file that the kernel makes when it is read. */
static bool read_state_file(const char *path, char *text, size_t room)
{
	long fd, size;

	if (runtime_silent)
		return false;
	fd = system_call(SYS_open, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0, 0);
	if (fd < 0)
		return false;
	size = system_call(SYS_read, fd, (long)text, (long)room - 1, 0, 0, 0);
	system_call(SYS_close, fd, 0, 0, 0, 0, 0);
	if (size <= 0)
		return false;
	text[size] = '\0';
	return true;
}

/* Takes some microseconds. */
static bool is_full_now(void)
{
	static long processors;
	char text[LOAD_SIZE];

	if (!read_state_file(LOAD_PATH, text, sizeof text))
		return false;
	if (!processors)
		processors = sysconf(_SC_NPROCESSORS_ONLN);
	return load_is_full(text, processors);
}

void crowd_look_first(struct trace_header *header)
{
	if (!runtime_options.run[0])
		return;
	header->looked_ns = now_ns();
	header->crowded_ns = is_full_now() ? header->looked_ns : 0;
}

bool crowd_between(uint64_t start_ns, uint64_t end_ns)
{
	const struct trace_header *header = trace_header();
	uint64_t looked_ns, crowded_ns;

	if (!header)
		return false;
	looked_ns = __atomic_load_n(&header->looked_ns, __ATOMIC_RELAXED);
	crowded_ns = __atomic_load_n(&header->crowded_ns, __ATOMIC_RELAXED);
	if ((looked_ns && looked_ns + LATE_LOOK_NS < end_ns) ||
	    (crowded_ns && crowded_ns + CROWD_LOOK_NS >= start_ns))
		return true;
	return looked_ns && looked_ns + CROWD_LOOK_NS < end_ns && is_full_now();
}

uint64_t crowd_mark(void)
{
	const struct trace_header *header = trace_header();

	return header ? __atomic_load_n(&header->delayed_ns, __ATOMIC_RELAXED) : 0;
}

uint64_t crowd_lost(uint64_t start_ns, uint64_t mark, uint64_t end_ns)
{
	uint64_t delayed_ns = crowd_mark(), looked_ns;

	if (!delayed_ns || !trace_header())
		return UINT64_MAX;
	/* Since the last observation: the program itself may have become busy. */
	looked_ns = __atomic_load_n(&trace_header()->looked_ns, __ATOMIC_RELAXED);
	if (looked_ns < end_ns && (crowd_between(start_ns, end_ns) || is_full_now()))
		delayed_ns += end_ns - looked_ns;
	return delayed_ns - mark;
}

uint64_t crowd_delay(uint64_t start_ns, uint64_t mark, uint64_t end_ns)
{
	uint64_t lost_ns = crowd_lost(start_ns, mark, end_ns);

	if (lost_ns == UINT64_MAX)
		return crowd_between(start_ns, end_ns) ? LIMIT_LOAD_DELAY : 0;
	return lost_ns < LIMIT_LOAD_DELAY ? lost_ns : LIMIT_LOAD_DELAY;
}

bool crowd_disks_were_busy(uint64_t start_ns)
{
	const struct trace_header *header = trace_header();
	uint64_t since_ns, until_ns;

	if (!header)
		return false;
	since_ns = __atomic_load_n(&header->disks_busy_since_ns, __ATOMIC_RELAXED);
	until_ns = __atomic_load_n(&header->disks_busy_until_ns, __ATOMIC_RELAXED);
	return since_ns && since_ns + LIMIT_DISK_BUSY_BEFORE <= start_ns &&
	       until_ns + LIMIT_DISK_BUSY_BEFORE >= start_ns;
}

/* Observations are due every 5 ms. */
#define SEEN_NS UINT64_C(20000000)

bool crowd_was_seen(uint64_t now_ns)
{
	const struct trace_header *header = trace_header();

	return header && __atomic_load_n(&header->crowded_ns, __ATOMIC_RELAXED) + SEEN_NS > now_ns;
}

static char *add_text(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

static char *crowd_add_number(char *to, uint32_t number)
{
	char digits[TEXT_DECIMAL_SIZE];

	return add_text(to, text_decimal(digits, number));
}

/* Documentation/scheduler/sched-stats.rst: time on a CPU, time waiting for one, slices. */
uint64_t crowd_thread_delay(int32_t tid)
{
	char path[64], text[96];
	const char *at = text;
	uint64_t delay_ns = 0;

	*add_text(crowd_add_number(add_text(path, "/proc/self/task/"), (uint32_t)tid),
		  "/schedstat") = '\0';
	if (!read_state_file(path, text, sizeof text))
		return UINT64_MAX;
	while (*at && *at != ' ')
		at++;
	for (at += *at == ' '; *at >= '0' && *at <= '9'; at++)
		delay_ns = delay_ns * 10 + (uint64_t)(*at - '0');
	return delay_ns;
}
