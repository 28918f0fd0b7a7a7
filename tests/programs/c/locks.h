/* A lock that one turn of a loop takes and a later one gives back. */
#ifndef LOCKS_H
#define LOCKS_H

struct lock_case {
	const char *name;
	void (*prepare)(void); /* before the loop; may be NULL */
	void (*take)(void);
	void (*give)(void);
	void (*finish)(void); /* after the loop; may be NULL */
};

/* A library's own, ended by one without a name; NULL where it brings none. */
extern const struct lock_case *const library_lock_cases;

#endif
