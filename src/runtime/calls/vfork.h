/* The C side of vfork.S. */
#ifndef RUNTIME_CALLS_VFORK_H
#define RUNTIME_CALLS_VFORK_H

/* In the parent, after the child's marks were undone. `result`: pid, or -errno. */
void vfork_returned(long result);

#endif
