#include "session.h"

enum loop_session loop_session_of(const struct loop_session_facts *facts)
{
	if (facts->known_library || facts->listens || facts->accepts)
		return SESSION_SHARED;
	if (facts->started_by_acceptor && facts->handed_over <= 1)
		return SESSION_SINGLE;
	return facts->own_peers_only ? SESSION_CLIENT : SESSION_SHARED;
}

void loop_session_lower(enum loop_session session, struct verdict *verdict)
{
	switch (session) {
	case SESSION_SINGLE:
		verdict_lower(verdict, SEVERITY_NOTICE, REASON_SINGLE_SESSION);
		break;
	case SESSION_CLIENT:
		verdict_lower(verdict, SEVERITY_WARNING, REASON_CLIENT_SESSION);
		break;
	case SESSION_SHARED:
		break;
	}
}
