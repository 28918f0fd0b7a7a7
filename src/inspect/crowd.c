#include "crowd.h"

#include <fcntl.h>
#include <unistd.h>

#include "shared/load.h"

/* A timer tick alone never delays us this long. Only such delays show a container's CPU quota or a
 * virtual machine's steal time. */
#define LATE_NS UINT64_C(10000000)

static uint64_t pressure_of(int fd)
{
	char text[LOAD_SIZE];
	ssize_t size = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);

	if (size <= 0)
		return 0;
	text[size] = '\0';
	return load_pressure_ns(text);
}

void crowd_init(struct crowd *crowd)
{
	crowd->fd = open(LOAD_PATH, O_RDONLY | O_CLOEXEC);
	crowd->processors = sysconf(_SC_NPROCESSORS_ONLN);
	crowd->looked_ns = crowd->crowded_ns = 0;
	crowd->delayed_ns = 1;
	crowd->pressure_fd = open(LOAD_PRESSURE_PATH, O_RDONLY | O_CLOEXEC);
	crowd->pressure_ns = pressure_of(crowd->pressure_fd);
	crowd->disks_fd = open(LOAD_DISKS_PATH, O_RDONLY | O_CLOEXEC);
	crowd->disks_ns = pressure_of(crowd->disks_fd);
	crowd->disks_busy_since_ns = crowd->disks_busy_until_ns = 0;
}

void crowd_deinit(struct crowd *crowd)
{
	if (crowd->fd >= 0)
		close(crowd->fd);
	if (crowd->pressure_fd >= 0)
		close(crowd->pressure_fd);
	if (crowd->disks_fd >= 0)
		close(crowd->disks_fd);
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

/* Threads waited for disks for half of the time since the last sample. */
static void look_at_disks(struct crowd *crowd, uint64_t now_ns, uint64_t since_ns)
{
	uint64_t before_ns = crowd->disks_ns;

	crowd->disks_ns = pressure_of(crowd->disks_fd);
	if (!since_ns || crowd->disks_ns < before_ns + since_ns / 2)
		return;
	if (crowd->disks_busy_until_ns + 2 * since_ns < now_ns)
		crowd->disks_busy_since_ns = now_ns - since_ns;
	crowd->disks_busy_until_ns = now_ns;
}

/*
 * The kernel's number is a mean over all CPUs in use: on a fully used machine with N CPUs, a thread
 * on one CPU may have waited N times as long.
 */
static uint64_t delay_since_look(struct crowd *crowd, uint64_t since_ns, bool crowded)
{
	uint64_t before_ns = crowd->pressure_ns, delay_ns;

	crowd->pressure_ns = pressure_of(crowd->pressure_fd);
	if (!crowd->pressure_ns || crowd->pressure_ns < before_ns)
		return crowded ? since_ns : 0;
	delay_ns = crowd->pressure_ns - before_ns;
	if (crowded)
		delay_ns *= (uint64_t)crowd->processors;
	return delay_ns < since_ns ? delay_ns : since_ns;
}

void crowd_look(struct crowd *crowd, uint64_t now_ns, uint64_t due_ns)
{
	uint64_t since_ns = crowd->looked_ns ? now_ns - crowd->looked_ns : 0;
	bool late = now_ns > due_ns + LATE_NS, crowded = late || is_full(crowd);
	uint64_t delay_ns;

	/* From this sample or the last: events in between are not seen. */
	delay_ns =
		delay_since_look(crowd, since_ns, crowded || crowd->crowded_ns == crowd->looked_ns);
	/* A container's quota and a hypervisor's steal time do not count as pressure,
	 * but delay us. */
	crowd->delayed_ns += late && now_ns - due_ns > delay_ns ? now_ns - due_ns : delay_ns;
	look_at_disks(crowd, now_ns, since_ns);
	crowd->looked_ns = now_ns;
	if (crowded)
		crowd->crowded_ns = now_ns;
}
