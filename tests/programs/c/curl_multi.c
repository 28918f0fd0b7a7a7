/*
 * Many transfers on one thread, the asynchronous way:
 *
 *	curl_multi [URL] [REQUESTS]     without a URL, a server of its own answers
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_server.h"
#include "loop.h"

#define AT_ONCE 8

static unsigned long received;

static size_t count_bytes(char *bytes, size_t size, size_t count, void *unused)
{
	(void)bytes, (void)unused;
	received += size * count;
	return size * count;
}

static void begin(CURLM *multi, const char *url)
{
	CURL *handle = curl_easy_init();

	curl_easy_setopt(handle, CURLOPT_URL, url);
	curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, count_bytes);
	REQUIRE(curl_multi_add_handle(multi, handle) == CURLM_OK);
}

/* Ends what is ready; returns how many were. */
static unsigned reap(CURLM *multi)
{
	unsigned ended = 0;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left))) {
		CURL *handle = message->easy_handle;

		REQUIRE(message->msg == CURLMSG_DONE && message->data.result == CURLE_OK);
		curl_multi_remove_handle(multi, handle);
		curl_easy_cleanup(handle);
		ended++;
	}
	return ended;
}

int main(int argc, char **argv)
{
	unsigned requests = argc > 2 ? strtoul(argv[2], NULL, 10) : 40;
	unsigned begun = 0, ended = 0;
	char own_url[64];
	const char *url = argc > 1 ? argv[1] : own_url;
	CURLM *multi;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (argc == 1)
		http_server_start(requests, own_url, sizeof(own_url));
	multi = curl_multi_init();
	while (ended < requests) {
		int running;

		while (begun < requests && begun - ended < AT_ONCE) {
			begin(multi, url);
			begun++;
		}
		REQUIRE(curl_multi_perform(multi, &running) == CURLM_OK); /* EXPECT-NONE */
		ended += reap(multi);
		REQUIRE(curl_multi_poll(multi, NULL, 0, 1000, NULL) == CURLM_OK); /* EXPECT-NONE: the loop's own wait */
	}
	curl_multi_cleanup(multi);
	if (argc == 1) {
		http_server_join();
		REQUIRE(received == requests * strlen(HTTP_BODY));
	}
	curl_global_cleanup();
	printf("done\n");
	return 0;
}
