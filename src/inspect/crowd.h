/* Whether the machine has processors for all that want one, looked at again and again. */
#ifndef TOOLS_CROWD_H
#define TOOLS_CROWD_H

#include <stdbool.h>
#include <stdint.h>

struct crowd {
	int fd; /* of /proc/loadavg; -1: cannot be asked */
	long processors;
	uint64_t looked_ns;  /* of CLOCK_MONOTONIC: the last look */
	uint64_t crowded_ns; /* when there were too few last; 0: never */
	/*
	 * For how long threads have waited for a processor, from the first look on: an upper bound
	 * of what the load took from any one of them. Never 0 after the first look.
	 */
	uint64_t delayed_ns;
	int pressure_fd; /* of /proc/pressure/cpu; -1: the kernel has none */
	uint64_t pressure_ns;
	int disks_fd; /* of /proc/pressure/io */
	uint64_t disks_ns;
	uint64_t disks_busy_since_ns, disks_busy_until_ns; /* threads waited for disks */
};

void crowd_init(struct crowd *crowd);
void crowd_deinit(struct crowd *crowd);

/* `due_ns`: when this look was to come. Who has no processor comes late. */
void crowd_look(struct crowd *crowd, uint64_t now_ns, uint64_t due_ns);

#endif
