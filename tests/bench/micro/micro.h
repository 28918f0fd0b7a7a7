/* The cases of the micro programs: what is repeated, and how its cost is reported. */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

struct micro_case {
	const char *name;
	/* Operations in one repetition: enough for a millisecond, so that the clock is nothing. */
	unsigned count;
	unsigned calls;	       /* the reported cost is the time of an operation divided by this */
	void (*prepare)(void); /* once, not measured; NULL: nothing to do */
	void (*repeat)(unsigned count);
};

/* Ends with an entry without a name. */
extern const struct micro_case calls_cases[];
extern const struct micro_case turns_cases[];

/* Ends the program when a call that must succeed did not: its figure would mean nothing. */
void must(int succeeded, const char *what);

#endif
