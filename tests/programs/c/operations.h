/* What a callback must not do: one operation each, with the helper thread that makes it wait. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

struct operation {
	const char *name;
	void (*prepare)(void); /* outside every loop; may be NULL */
	void (*block)(void);
	void (*finish)(void); /* outside every loop; may be NULL */
};

/* One table for each operations_*.c file, ended by an operation without a name. */
extern const struct operation file_operations[];
extern const struct operation descriptor_operations[];
extern const struct operation lock_operations[];
extern const struct operation process_operations[];
extern const struct operation mode_operations[];

/* Both give NULL when there is none. */
const struct operation *operation_at(unsigned number);
const struct operation *operation_find(const char *name);

/* What looks as if it might wait, and never does: nothing may be found in it. */
void operation_quiet(void);

#endif
