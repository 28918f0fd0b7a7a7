/*
 * A loop, and beside it a thread with a synchronous client. libcurl waits in poll for several
 * descriptors at once, time and again, and yet it is no event loop: its caller wanted to wait.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http_server.h"
#include "loop.h"

#define REQUESTS 8

static char url[64];

static size_t write_to_file(char *bytes, size_t size, size_t count, void *stream)
{
	REQUIRE(fwrite(bytes, size, count, stream) == count); /* EXPECT-NONE */
	REQUIRE(fflush(stream) == 0);			      /* EXPECT-NONE */
	return size * count;
}

static void *fetch(void *unused)
{
	const struct timespec pause = { 0, 2000000 };
	FILE *stream = fopen("fetched.txt", "w"); /* EXPECT-NONE */
	CURL *handle = curl_easy_init();

	curl_easy_setopt(handle, CURLOPT_URL, url);
	curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, write_to_file);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, stream);
	for (int i = 0; i < REQUESTS; i++) {
		REQUIRE(curl_easy_perform(handle) == CURLE_OK); /* EXPECT-NONE */
		nanosleep(&pause, NULL);			/* EXPECT-NONE */
	}
	REQUIRE(ftell(stream) == REQUESTS * (long)strlen(HTTP_BODY));
	curl_easy_cleanup(handle);
	fclose(stream);
	return unused;
}

static void idle(unsigned turn)
{
	(void)turn;
}

int main(void)
{
	pthread_t thread;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	http_server_start(REQUESTS, url, sizeof(url));
	REQUIRE(pthread_create(&thread, NULL, fetch, NULL) == 0);
	loop_run(50, idle);
	REQUIRE(pthread_join(thread, NULL) == 0); /* EXPECT-NONE */
	http_server_join();
	curl_global_cleanup();
	printf("done\n");
	return 0;
}
