#include "crowd.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* So late nobody is whom only the clock's own tick keeps waiting. A container's share of the
 * processors and a virtual machine's show by this alone. */
#define LATE_NS UINT64_C(10000000)

void crowd_init(struct crowd *crowd)
{
	crowd->fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	crowd->processors = sysconf(_SC_NPROCESSORS_ONLN);
	crowd->looked_ns = crowd->crowded_ns = 0;
}

void crowd_deinit(struct crowd *crowd)
{
	if (crowd->fd >= 0)
		close(crowd->fd);
}

/* proc(5), /proc/loadavg: "0.20 0.18 0.12 RUNNING/ALL LAST". We are one of those that run. */
static bool is_full(const struct crowd *crowd)
{
	char text[128];
	ssize_t size = crowd->fd < 0 ? -1 : pread(crowd->fd, text, sizeof text - 1, 0);
	long running;

	if (size <= 0)
		return false;
	text[size] = '\0';
	return sscanf(text, "%*s %*s %*s %ld/", &running) == 1 && running - 1 >= crowd->processors;
}

void crowd_look(struct crowd *crowd, uint64_t now_ns, uint64_t due_ns)
{
	crowd->looked_ns = now_ns;
	if (now_ns > due_ns + LATE_NS || is_full(crowd))
		crowd->crowded_ns = now_ns;
}
