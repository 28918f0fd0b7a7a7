/* Tasks of asyncio that wait for each other. */
#ifndef REPORT_COLLECT_PYTHON_H
#define REPORT_COLLECT_PYTHON_H

struct collection;

/* Takes two seconds if tasks of a running process seem to. */
void collect_python(struct collection *collection);

#endif
