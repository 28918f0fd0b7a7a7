/* What a watched call deserves: from its class, what it was about, and whether it slept. */
#ifndef RUNTIME_JUDGEMENT_H
#define RUNTIME_JUDGEMENT_H

#include <stdint.h>

#include "runtime/calls/call.h"
#include "contract/trace_format.h"

/* What happened meanwhile. */
struct call_outcome {
	uint64_t wall_ns;
	/* Off the CPU by a voluntary switch; 0 when it only lost the CPU to others: that accuses
	 * the machine, not the program. */
	uint64_t slept_ns;
	bool slept;
	bool failed;
	bool follows;	/* the thread read the output of the same child to its end just before, and
			   that was reported */
	bool ran_child; /* the thread started the program itself that it waited for, just before */
	uint64_t delay_ns; /* of it at most for the sake of the machine's load */
};

enum severity call_judge(enum call_class class, enum trace_subject subject, unsigned site_flags,
			 bool nonblocking, const struct call_outcome *outcome);

#endif
