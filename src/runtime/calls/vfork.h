/* The C side of vfork.S. */
#ifndef RUNTIME_CALLS_VFORK_H
#define RUNTIME_CALLS_VFORK_H

/* In the parent, the marks of the child taken back. `result`: pid, or -errno. */
void vfork_returned(long result);

#endif
