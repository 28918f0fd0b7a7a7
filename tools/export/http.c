#include "http.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static struct {
	CURLcode (*init)(long flags);
	CURL *(*easy_init)(void);
	CURLcode (*set)(CURL *curl, CURLoption option, ...);
	CURLcode (*perform)(CURL *curl);
	CURLcode (*info)(CURL *curl, CURLINFO info, ...);
	void (*cleanup)(CURL *curl);
	struct curl_slist *(*append)(struct curl_slist *list, const char *text);
	void (*free_all)(struct curl_slist *list);
	const char *(*error)(CURLcode code);
} curl;

static bool take(void *handle, const char *name, void *function)
{
	void *found = handle ? dlsym(handle, name) : NULL;

	memcpy(function, &found, sizeof found);
	return found;
}

static bool load(void)
{
	static void *handle;

	if (handle)
		return curl.error;
	handle = dlopen("libcurl.so.4", RTLD_LAZY);
	if (!handle)
		handle = dlopen("libcurl-gnutls.so.4", RTLD_LAZY);
	return take(handle, "curl_global_init", &curl.init) &&
	       take(handle, "curl_easy_init", &curl.easy_init) &&
	       take(handle, "curl_easy_setopt", &curl.set) &&
	       take(handle, "curl_easy_perform", &curl.perform) &&
	       take(handle, "curl_easy_getinfo", &curl.info) &&
	       take(handle, "curl_easy_cleanup", &curl.cleanup) &&
	       take(handle, "curl_slist_append", &curl.append) &&
	       take(handle, "curl_slist_free_all", &curl.free_all) &&
	       take(handle, "curl_easy_strerror", &curl.error) && !curl.init(CURL_GLOBAL_DEFAULT);
}

static size_t ignore(char *data, size_t size, size_t count, void *unused)
{
	(void)data;
	(void)unused;
	return size * count;
}

/* OTLP: 429, 502, 503 and 504 may be tried again; other errors may not. */
static enum http_result result_of(const char *url, long status, char *sentence)
{
	if (status >= 200 && status < 300)
		return HTTP_SENT;
	snprintf(sentence, HTTP_SENTENCE_SIZE, "%s answered with status %ld", url, status);
	return status == 429 || (status >= 502 && status <= 504) ? HTTP_LATER : HTTP_REFUSED;
}

enum http_result http_post(const char *url, char **headers, size_t count, const char *body,
			   size_t size, long timeout_ms, char sentence[HTTP_SENTENCE_SIZE])
{
	struct curl_slist *list;
	CURL *request = load() ? curl.easy_init() : NULL;
	CURLcode code;
	long status = 0;

	if (!request) {
		snprintf(sentence, HTTP_SENTENCE_SIZE,
			 "libcurl cannot be loaded: install libcurl4 (libcurl.so.4)");
		return HTTP_UNABLE;
	}
	list = curl.append(NULL, "Content-Type: application/json");
	for (size_t i = 0; i < count; i++)
		list = curl.append(list, headers[i]);
	curl.set(request, CURLOPT_URL, url);
	curl.set(request, CURLOPT_HTTPHEADER, list);
	curl.set(request, CURLOPT_POSTFIELDS, body);
	curl.set(request, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	curl.set(request, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl.set(request, CURLOPT_WRITEFUNCTION, ignore);
	curl.set(request, CURLOPT_NOSIGNAL, 1L);
	curl.set(request, CURLOPT_PROTOCOLS_STR, "http,https");
	curl.set(request, CURLOPT_USERAGENT, "yieldsan");
	code = curl.perform(request);
	curl.info(request, CURLINFO_RESPONSE_CODE, &status);
	curl.cleanup(request);
	curl.free_all(list);
	if (code == CURLE_OK)
		return result_of(url, status, sentence);
	snprintf(sentence, HTTP_SENTENCE_SIZE, "%s: %s", url, curl.error(code));
	return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ? HTTP_REFUSED
										 : HTTP_LATER;
}
