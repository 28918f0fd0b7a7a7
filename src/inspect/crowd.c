#include "crowd.h"

#include <fcntl.h>
#include <unistd.h>

#include "shared/load.h"

/* So late nobody is whom only the clock's own tick keeps waiting. A container's share of the
 * processors and a virtual machine's show by this alone. */
#define LATE_NS UINT64_C(10000000)

void crowd_init(struct crowd *crowd)
{
	crowd->fd = open(LOAD_PATH, O_RDONLY | O_CLOEXEC);
	crowd->processors = sysconf(_SC_NPROCESSORS_ONLN);
	crowd->looked_ns = crowd->crowded_ns = 0;
}

void crowd_deinit(struct crowd *crowd)
{
	if (crowd->fd >= 0)
		close(crowd->fd);
}

static bool is_full(const struct crowd *crowd)
{
	char text[LOAD_SIZE];
	ssize_t size = crowd->fd < 0 ? -1 : pread(crowd->fd, text, sizeof text - 1, 0);

	if (size <= 0)
		return false;
	text[size] = '\0';
	return load_is_full(text, crowd->processors);
}

void crowd_look(struct crowd *crowd, uint64_t now_ns, uint64_t due_ns)
{
	crowd->looked_ns = now_ns;
	if (now_ns > due_ns + LATE_NS || is_full(crowd))
		crowd->crowded_ns = now_ns;
}
