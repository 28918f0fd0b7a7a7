/* POST requests by libcurl, which is loaded when it is first needed, or by curl(1) without it. */
#ifndef TOOLS_EXPORT_HTTP_H
#define TOOLS_EXPORT_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_SENTENCE_SIZE 512

enum http_result {
	HTTP_SENT,
	HTTP_LATER,   /* no answer, or one that asks to try again */
	HTTP_REFUSED, /* the same request would be refused again */
	HTTP_UNABLE,  /* neither libcurl nor curl(1) is installed */
};

/*
 * Sends JSON. `headers`: "Name: value" lines, `count` of them. Waits up to `timeout_ms`. Fills
 * `sentence` unless it was sent.
 */
enum http_result http_post(const char *url, char **headers, size_t count, const char *body,
			   size_t size, long timeout_ms, char sentence[HTTP_SENTENCE_SIZE]);

#endif
