/* The clients that a loop serves. */
#ifndef JUDGEMENT_SESSION_H
#define JUDGEMENT_SESSION_H

#include "verdict.h"

enum session {
	SESSION_MANY, /* or not known */
	/*
	 * Made for a client by a thread or process that accepts connections; accepts none itself,
	 * and has at most one accepted connection.
	 */
	SESSION_ONE,
	/*
	 * Waits for its standard streams, its own children, or one peer that it connected to, and
	 * for no timer.
	 */
	SESSION_PEER,
};

/* Only its own client or peer waits for it. */
static inline void session_judge(struct verdict *verdict, enum session session)
{
	if (session == SESSION_ONE)
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_SINGLE_SESSION);
	else if (session == SESSION_PEER)
		verdict_lower(verdict, SEVERITY_WARNING, REASON_CLIENT_SESSION);
}

#endif
