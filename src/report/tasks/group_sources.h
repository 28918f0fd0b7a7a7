/* The timers, sockets and files that the tasks of a group wait for. */
#ifndef REPORT_GROUP_SOURCES_H
#define REPORT_GROUP_SOURCES_H

#include "inspect/task_memory.h"

struct task_kinds;

struct group_sources {
	uint64_t with_descriptor; /* tasks that wait for one */
	uint64_t several;	  /* tasks that wait for more than one */
	int fd;			  /* of the first that was found */
	const char *file;	  /* "TCP 127.0.0.1:8080 with peer 127.0.0.1:41234"; kept */
	uint64_t with_timer;
	uint64_t deadline_ns; /* CLOCK_MONOTONIC: the first to end */
	uint64_t looked_ns;   /* the same clock, at the look; 0: not known */
};

struct sources_look;

/* For a process whose memory can be read. */
struct sources_look *sources_look_create(struct task_kinds *kinds);
void sources_look_destroy(struct sources_look *look);

/* Adds the suspended task with this header to what its group waits for. */
void group_sources_add(struct sources_look *look, const struct task_kind *kind, uint64_t header,
		       const struct task_seen *seen, struct group_sources *group);

#endif
