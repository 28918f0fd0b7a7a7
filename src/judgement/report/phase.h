/* Start-up and shutdown: before a server serves, and after it was asked to end. */
#ifndef JUDGEMENT_PHASE_H
#define JUDGEMENT_PHASE_H

#include <stdbool.h>
#include <stdint.h>

#include "judgement/limits.h"
#include "judgement/verdict.h"

enum phase { PHASE_SERVICE, PHASE_STARTUP, PHASE_SHUTDOWN, PHASES };

struct phase_facts {
	/* For one loop instance, in CLOCK_MONOTONIC; 0: never. */
	bool serves; /* has a socket that listens or takes datagrams, or accepts */
	uint64_t listens_ns, accepts_ns;
	uint64_t asked_to_end_ns; /* of the process */
	bool in_exit;		  /* the stack shows that the program is exiting: process.exit() */
	uint64_t first_ns, last_ns; /* first and last time of the finding */
	bool in_progress;
	bool loads;	    /* it loads modules of an interpreter */
	bool loads_late;    /* a function asked for them that no module's body called */
	bool client_waited; /* of a server that had started, for its answer, during a long turn */
	bool tests;	    /* run by `ci' or a known test runner: never lowered */
};

/* When it happened; lowers a finding in start-up or shutdown to a notice. */
enum phase phase_judge(const struct phase_facts *facts, struct verdict *verdict);

#endif
