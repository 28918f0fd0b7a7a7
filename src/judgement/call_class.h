/* The kind of a call: the first column of runtime/libc/table.h, and part of the trace. */
#ifndef JUDGEMENT_CALL_CLASS_H
#define JUDGEMENT_CALL_CLASS_H

/* In traces: new ones go to the end. */
enum call_class {
	CLASS_FORWARD,	  /* only updates state: never judged */
	CLASS_PURPOSE,	  /* waits by design: a sleep, a name look-up, system() */
	CLASS_SYNC,	  /* writes a file to its disk */
	CLASS_SPAWN,	  /* waits until a child has started: asynchronous libraries do it too */
	CLASS_OTHERS,	  /* waits for other threads: judged by whether it slept */
	CLASS_CHILD,	  /* waits for the end of a process: judged likewise */
	CLASS_LOCK,	  /* waits for a lock */
	CLASS_TRANSFER,	  /* reads or writes a descriptor: judged by its type and mode */
	CLASS_OPEN,	  /* opens a path: judged by the resulting descriptor */
	CLASS_STREAM_IN,  /* stdio input: a transfer when the buffer is empty */
	CLASS_STREAM_OUT, /* stdio output: a transfer if it reached the descriptor */
	CLASS_OUTPUT,	  /* syslog and similar calls */
	CLASS_METADATA,	  /* reads or changes names */
	CALL_CLASSES,
};

#endif
