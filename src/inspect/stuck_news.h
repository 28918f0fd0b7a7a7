/* Channels of tokio::sync::broadcast and watch: only their senders end a wait. */
#ifndef INSPECT_STUCK_NEWS_H
#define INSPECT_STUCK_NEWS_H

#include "stuck_search.h"

bool stuck_is_news(const struct layout_end *end);

/* Finds the tasks that wait for its next message. A watch channel without a counter has one
 * sender. */
void stuck_read_news(const struct stuck_search *search, struct wait_object *object);

#endif
