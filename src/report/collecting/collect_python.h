/* Tasks of asyncio that wait for each other. */
#ifndef REPORT_COLLECT_PYTHON_H
#define REPORT_COLLECT_PYTHON_H

struct collection;
struct trace_python_ring;

/* Takes two seconds if tasks of a running process seem to. */
void collect_python(struct collection *collection);

/* The finding of one record. */
void collect_python_ring(struct collection *collection, const struct trace_python_ring *record);

#endif
