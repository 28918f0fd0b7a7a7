#include "http.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/library.h"

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

static bool curl_load(void)
{
	static void *handle;

	if (handle)
		return curl.error;
	handle = dlopen("libcurl.so.4", RTLD_LAZY);
	if (!handle)
		handle = dlopen("libcurl-gnutls.so.4", RTLD_LAZY);
	return library_symbol(handle, "curl_global_init", &curl.init) &&
	       library_symbol(handle, "curl_easy_init", &curl.easy_init) &&
	       library_symbol(handle, "curl_easy_setopt", &curl.set) &&
	       library_symbol(handle, "curl_easy_perform", &curl.perform) &&
	       library_symbol(handle, "curl_easy_getinfo", &curl.info) &&
	       library_symbol(handle, "curl_easy_cleanup", &curl.cleanup) &&
	       library_symbol(handle, "curl_slist_append", &curl.append) &&
	       library_symbol(handle, "curl_slist_free_all", &curl.free_all) &&
	       library_symbol(handle, "curl_easy_strerror", &curl.error) &&
	       !curl.init(CURL_GLOBAL_DEFAULT);
}

static size_t http_ignore(char *data, size_t size, size_t count, void *unused)
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

/* In the syntax of curl's configuration files. */
static void put_quoted(FILE *out, const char *name, const char *text)
{
	fprintf(out, "%s = \"", name);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputs("\"\n", out);
}

/* A file in memory that holds the bytes; -1: it cannot be made. */
static int memory_file(const char *bytes, size_t size)
{
	int fd = memfd_create("yieldsan", MFD_CLOEXEC);
	ssize_t written = 0;

	for (size_t done = 0; fd >= 0 && done < size; done += (size_t)written) {
		written = write(fd, bytes + done, size - done);
		if (written <= 0) {
			close(fd);
			return -1;
		}
	}
	return fd;
}

/* Headers may hold a password: they are not arguments, which all users can read. */
static int http_configuration(const char *url, char **headers, size_t count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int fd;

	if (!out)
		return -1;
	put_quoted(out, "url", url);
	put_quoted(out, "header", "Content-Type: application/json");
	for (size_t i = 0; i < count; i++)
		put_quoted(out, "header", headers[i]);
	fclose(out);
	fd = memory_file(text, size);
	free(text);
	return fd;
}

/* curl(1) with these files as descriptors 3 and 4. Returns its status of waitpid(2), -1 if it
 * cannot be started, and fills what it printed. */
static int run_curl(int settings, int body, long timeout_ms, char answer[16])
{
	char seconds[24];
	char *arguments[] = { (char *)"curl",
			      (char *)"--silent",
			      (char *)"--output",
			      (char *)"/dev/null",
			      (char *)"--write-out",
			      (char *)"%{http_code}",
			      (char *)"--proto",
			      (char *)"=http,https",
			      (char *)"--max-time",
			      seconds,
			      (char *)"--config",
			      (char *)"/dev/fd/3",
			      (char *)"--data-binary",
			      (char *)"@/dev/fd/4",
			      NULL };
	posix_spawn_file_actions_t actions;
	int ends[2], status, error;
	ssize_t got;
	pid_t pid;

	if (pipe(ends))
		return -1;
	snprintf(seconds, sizeof seconds, "%ld.%03ld", timeout_ms / 1000, timeout_ms % 1000);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, settings, 103);
	posix_spawn_file_actions_adddup2(&actions, body, 104);
	posix_spawn_file_actions_adddup2(&actions, 103, 3);
	posix_spawn_file_actions_adddup2(&actions, 104, 4);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	error = posix_spawnp(&pid, "curl", &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	got = error ? 0 : read(ends[0], answer, 15);
	answer[got > 0 ? got : 0] = '\0';
	close(ends[0]);
	if (error)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* The static command cannot load a library: curl(1) sends in its place. */
static enum http_result post_by_program(const char *url, char **headers, size_t count,
					const char *body, size_t size, long timeout_ms,
					char sentence[HTTP_SENTENCE_SIZE])
{
	int settings = http_configuration(url, headers, count), file = memory_file(body, size);
	char answer[16] = "";
	int status = settings < 0 || file < 0 ? -1 : run_curl(settings, file, timeout_ms, answer);

	if (settings >= 0)
		close(settings);
	if (file >= 0)
		close(file);
	if (status < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127)) {
		snprintf(sentence, HTTP_SENTENCE_SIZE,
			 "neither libcurl.so.4 nor curl can be used: install libcurl4 or curl");
		return HTTP_UNABLE;
	}
	if (!status)
		return result_of(url, strtol(answer, NULL, 10), sentence);
	snprintf(sentence, HTTP_SENTENCE_SIZE, "%s: curl failed with status %d", url,
		 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 3 ? HTTP_REFUSED : HTTP_LATER;
}

enum http_result http_post(const char *url, char **headers, size_t count, const char *body,
			   size_t size, long timeout_ms, char sentence[HTTP_SENTENCE_SIZE])
{
	struct curl_slist *list;
	CURL *request = curl_load() ? curl.easy_init() : NULL;
	CURLcode code;
	long status = 0;

	if (!request)
		return post_by_program(url, headers, count, body, size, timeout_ms, sentence);
	list = curl.append(NULL, "Content-Type: application/json");
	for (size_t i = 0; i < count; i++)
		list = curl.append(list, headers[i]);
	curl.set(request, CURLOPT_URL, url);
	curl.set(request, CURLOPT_HTTPHEADER, list);
	curl.set(request, CURLOPT_POSTFIELDS, body);
	curl.set(request, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	curl.set(request, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl.set(request, CURLOPT_WRITEFUNCTION, http_ignore);
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
