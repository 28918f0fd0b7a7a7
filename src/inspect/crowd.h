/* Samples whether the machine has a CPU for every runnable thread. */
#ifndef TOOLS_CROWD_H
#define TOOLS_CROWD_H

#include <stdbool.h>
#include <stdint.h>

struct crowd {
	int fd; /* of /proc/loadavg; -1: unavailable */
	long processors;
	uint64_t looked_ns;  /* CLOCK_MONOTONIC of the last sample */
	uint64_t crowded_ns; /* when CPUs were last short; 0: never */
	/*
	 * How long threads have waited for a CPU since the first sample: an upper bound of the time
	 * that the load took from any one of them. Never 0 after the first sample.
	 */
	uint64_t delayed_ns;
	int pressure_fd; /* of /proc/pressure/cpu; -1: not in this kernel */
	uint64_t pressure_ns;
	int disks_fd; /* of /proc/pressure/io */
	uint64_t disks_ns;
	uint64_t disks_busy_since_ns, disks_busy_until_ns; /* threads waited for disks */
};

void crowd_init(struct crowd *crowd);
void crowd_deinit(struct crowd *crowd);

/* `due_ns`: when this sample was due. Without a free CPU it comes late. */
void crowd_look(struct crowd *crowd, uint64_t now_ns, uint64_t due_ns);

#endif
