/* Draws `yieldsan top` on a terminal, and takes its keys. */
#ifndef TOOLS_TOP_SCREEN_H
#define TOOLS_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "data.h"

enum top_view {
	VIEW_OVERVIEW,
	VIEW_FINDINGS,
	VIEW_TASKS,
	VIEW_THREADS,
	VIEWS,
};

struct top_screen {
	enum top_view view;
	unsigned sort[VIEWS];	  /* index of the order, in each view */
	size_t selected, first;	  /* row of the view's list; the first one that is drawn */
	char id[FINDING_ID_SIZE]; /* of the selected finding, unless it is the first */
	char *detail;		  /* a text that covers the list; NULL: none */
	size_t detail_first;	  /* its first line that is drawn */
	bool paused, helps;
	char message[256]; /* in the last line; empty: the keys */
	const char *title; /* what is watched */
};

/* What the caller must do after a key. */
enum top_action {
	TOP_NOTHING,
	TOP_QUIT,
	TOP_WRITE_REPORT,
	TOP_REFRESH,
};

/* False: the terminal cannot be used; *why says why. */
bool top_screen_open(const char **why);
void top_screen_close(void);

void top_screen_draw(struct top_screen *screen, struct top_data *data);

/* Waits up to `ms` for a key. */
enum top_action top_screen_key(struct top_screen *screen, struct top_data *data, int ms);

#endif
