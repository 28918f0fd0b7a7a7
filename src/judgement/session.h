/* Whom a loop serves. */
#ifndef JUDGEMENT_SESSION_H
#define JUDGEMENT_SESSION_H

#include "verdict.h"

enum session {
	SESSION_MANY, /* or not known */
	/* It was made for a client by one that accepts, waits for no new ones, and has at most one
	 * connection that was accepted. */
	SESSION_ONE,
	/* It waits for its standard streams, its own children, or one peer that it connected to,
	 * and for no timer. */
	SESSION_PEER,
};

/* Nobody but its own client or peer waits for what it does. */
static inline void session_judge(struct verdict *verdict, enum session session)
{
	if (session == SESSION_ONE)
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_SINGLE_SESSION);
	else if (session == SESSION_PEER)
		verdict_lower(verdict, SEVERITY_WARNING, REASON_CLIENT_SESSION);
}

#endif
