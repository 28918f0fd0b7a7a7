/*
 * Loops that keep only one client waiting. The number of clients in a run is no evidence: what the
 * loop could serve is.
 */
#ifndef JUDGEMENT_SESSION_H
#define JUDGEMENT_SESSION_H

#include <stdbool.h>

#include "judgement/verdict.h"

struct loop_session_facts {
	bool known_library;	  /* a known library's loop serves many, whatever it serves now */
	bool started_by_acceptor; /* the process was forked, or the thread started, by one that
				     accepts */
	bool listens, accepts;	  /* it has a socket that listens or takes datagrams; it accepted */
	unsigned handed_over;	  /* descriptors of its sets that were inherited, or handed over
				     accepted */
	bool own_peers_only; /* its sets hold its standard streams, and pipes or sockets to its own
				children or to one peer that it connected to */
};

enum loop_session {
	SESSION_SHARED, /* others wait while one is served */
	SESSION_SINGLE, /* a process or thread for each client */
	SESSION_CLIENT, /* the program is somebody's client itself */
};

enum loop_session loop_session_of(const struct loop_session_facts *facts);

/* At most a notice, or a warning. Not for deadlocks. */
void loop_session_lower(enum loop_session session, struct verdict *verdict);

#endif
