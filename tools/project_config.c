#include "project_config.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "nearest.h"
#include "options_text.h"
#include "report/filters/suppressions.h"
#include "report/model/words.h"
#include "shared/options.h"
#include "shared/text.h"
#include "support/memory.h"
#include "toml.h"

#define MOST_CONFIG_BYTES (1 << 20)
#define OWN_FILE	  "yieldsan.toml"
#define PYTHON_FILE	  "pyproject.toml"

static const char *const keys[] = { "suppressions", "baseline", "show", "fail-on", "options" };

/* The whole file, with a NUL; NULL, with errno, if it cannot be read. */
static char *config_read_text(const char *path, size_t *size)
{
	FILE *file = fopen(path, "re");
	char *text;

	if (!file)
		return NULL;
	text = memory_get(MOST_CONFIG_BYTES + 1);
	*size = fread(text, 1, MOST_CONFIG_BYTES, file);
	if (ferror(file) || *size == MOST_CONFIG_BYTES) {
		errno = ferror(file) ? errno : EFBIG;
		free(text);
		text = NULL;
	} else {
		text[*size] = '\0';
	}
	fclose(file);
	return text;
}

static int config_wrong(const char *path, const char *key, const char *reason)
{
	fprintf(stderr, "yieldsan: %s: %s%s%s\n", path, key, *key ? ": " : "", reason);
	return STATUS_WRONG_USE;
}

static int config_unknown(const char *path, const char *key)
{
	struct nearest nearest;

	nearest_init(&nearest, key, strlen(key));
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		nearest_offer(&nearest, keys[i]);
	if (nearest.name)
		fprintf(stderr, "yieldsan: %s: there is no setting `%s'; did you mean `%s'?\n",
			path, key, nearest.name);
	else
		fprintf(stderr,
			"yieldsan: %s: there is no setting `%s': they are suppressions, "
			"baseline, show, fail-on and options\n",
			path, key);
	return STATUS_WRONG_USE;
}

/* A path in the file is relative to the file's directory. */
static const char *path_beside(const char *path, const char *value)
{
	const char *slash = strrchr(path, '/');
	char *joined;

	if (*value == '/' || !slash)
		return memory_text(value);
	if (asprintf(&joined, "%.*s/%s", (int)(slash - path), path, value) < 0)
		memory_exhausted();
	return joined;
}

/* A list is written with commas between its words, as in the runtime's options. */
static char *value_text(const json_t *value)
{
	char *text = NULL;
	size_t i;
	const json_t *word;

	if (json_is_string(value))
		return memory_text(json_string_value(value));
	if (json_is_boolean(value))
		return memory_text(json_is_true(value) ? "1" : "0");
	if (json_is_integer(value)) {
		if (asprintf(&text, "%lld", (long long)json_integer_value(value)) < 0)
			memory_exhausted();
		return text;
	}
	if (!json_is_array(value))
		return NULL;
	text = memory_text("");
	json_array_foreach (value, i, word) {
		char *longer;

		if (!json_is_string(word) ||
		    asprintf(&longer, "%s%s%s", text, i ? "," : "", json_string_value(word)) < 0) {
			free(text);
			return NULL;
		}
		free(text);
		text = longer;
	}
	return text;
}

static int take_options(struct project_config *config, json_t *table)
{
	static struct options scratch;
	const char *name;
	json_t *value;

	if (!json_is_object(table))
		return config_wrong(config->path, "options", "must be a table");
	options_init(&scratch);
	json_object_foreach(table, name, value)
	{
		char *text = value_text(value), *entry;
		struct option_error error;

		if (!text)
			return config_wrong(
				config->path, name,
				"must be a text, a number, true, false or a list of texts");
		if (asprintf(&entry, "%s=%s", name, text) < 0)
			memory_exhausted();
		free(text);
		error = options_set(&scratch, entry);
		if (error.fault) {
			option_error_print(&error, config->path);
			return STATUS_WRONG_USE;
		}
		if (config->option_count < CONFIG_OPTIONS)
			config->options[config->option_count++] = entry;
	}
	return -1;
}

static int config_take_value(struct project_config *config, const char *key, json_t *value)
{
	const char *text = json_string_value(value);
	enum severity severity;

	if (!strcmp(key, "options"))
		return take_options(config, value);
	if (!text)
		return strcmp(key, "suppressions") && strcmp(key, "baseline") &&
				       strcmp(key, "show") && strcmp(key, "fail-on")
			       ? config_unknown(config->path, key)
			       : config_wrong(config->path, key, "must be a text");
	if (!strcmp(key, "suppressions")) {
		config->suppressions = path_beside(config->path, text);
	} else if (!strcmp(key, "baseline")) {
		config->baseline = path_beside(config->path, text);
	} else if (!strcmp(key, "show")) {
		if (severity_from_word(text, &severity))
			return config_wrong(config->path, key, "must be error, warning or notice");
		config->show = memory_text(text);
	} else if (!strcmp(key, "fail-on")) {
		if (strcmp(text, "never") && severity_from_word(text, &severity))
			return config_wrong(config->path, key,
					    "must be error, warning, notice or never");
		config->fail_on = memory_text(text);
	} else {
		return config_unknown(config->path, key);
	}
	return -1;
}

static bool config_is_of_python(const char *path)
{
	return !strcmp(path_name(path), PYTHON_FILE);
}

static int take_all(struct project_config *config, const char *text, size_t size)
{
	char *error, *json = toml_to_json(text, size, &error);
	json_t *root, *table, *value;
	const char *key;
	int status = -1;

	if (!json) {
		status = config_wrong(config->path, "", error);
		free(error);
		return status;
	}
	root = json_loads(json, 0, NULL);
	if (!root)
		status = config_wrong(config->path, "", "has values that are no settings");
	table = config_is_of_python(config->path)
			? json_object_get(json_object_get(root, "tool"), "yieldsan")
			: root;
	json_object_foreach(table, key, value)
	{
		status = config_take_value(config, key, value);
		if (status != -1)
			break;
	}
	json_decref(root);
	free(json);
	return status;
}

/* Most pyproject.toml files are not about us, and need not be right or ours to read. */
static bool is_about_us(const char *path, const char *text)
{
	return !config_is_of_python(path) || strstr(text, "tool.yieldsan");
}

/* Whether there is such a file in the directory. */
static bool config_is_there(char path[PATH_MAX], const char *directory, const char *name)
{
	char *text;
	size_t size;
	bool is;

	if (snprintf(path, PATH_MAX, "%s/%s", strcmp(directory, "/") ? directory : "", name) >=
		    PATH_MAX ||
	    access(path, F_OK))
		return false;
	text = config_read_text(path, &size);
	is = text ? is_about_us(path, text) : !config_is_of_python(path);
	free(text);
	return is;
}

static bool config_find(char path[PATH_MAX])
{
	char directory[PATH_MAX], *slash;

	if (!getcwd(directory, sizeof directory))
		return false;
	for (;;) {
		if (config_is_there(path, directory, OWN_FILE) ||
		    config_is_there(path, directory, PYTHON_FILE))
			return true;
		slash = strrchr(directory, '/');
		if (!slash || !directory[1])
			return false;
		slash[slash == directory] = '\0';
	}
}

int project_config_read(struct project_config *config, const char *named)
{
	char path[PATH_MAX], *text;
	const char *distrust;
	size_t size;
	int status;

	*config = (struct project_config){ 0 };
	if (named ? !*named : !config_find(path))
		return -1;
	if (named) {
		snprintf(path, sizeof path, "%s", named);
	} else if ((distrust = suppressions_distrust(path))) {
		fprintf(stderr,
			"yieldsan: the settings in %s are not taken: %s; name the file by "
			"--config to take them\n",
			path, distrust);
		return -1;
	}
	text = config_read_text(path, &size);
	if (!text)
		return config_wrong(path, "", strerror(errno));
	config->path = memory_text(path);
	status = take_all(config, text, size);
	free(text);
	return status;
}

bool project_config_is_overridden(const char *entry, const char *environment)
{
	size_t length = strcspn(entry, "=") + 1;

	for (const char *at = environment; at && *at; at++) {
		if (!strncmp(at, entry, length))
			return true;
		while (*at && *at != ':')
			at += *at == '\\' && at[1] ? 2 : 1;
		if (!*at)
			return false;
	}
	return false;
}
