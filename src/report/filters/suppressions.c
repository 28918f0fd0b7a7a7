#include "suppressions.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/model/finding.h"
#include "suppression_types.h"

/* A line that is being read. */
struct line {
	const char *path;
	unsigned number;
	char *sentence;
};

__attribute__((format(printf, 2, 3))) static int suppression_refuse(const struct line *line,
								    const char *format, ...)
{
	int used = snprintf(line->sentence, SUPPRESSIONS_SENTENCE_SIZE, "%s:%u: ", line->path,
			    line->number);
	va_list arguments;

	va_start(arguments, format);
	if (used < SUPPRESSIONS_SENTENCE_SIZE)
		vsnprintf(line->sentence + used, SUPPRESSIONS_SENTENCE_SIZE - (size_t)used, format,
			  arguments);
	va_end(arguments);
	return -EINVAL;
}

static int refuse_type(const struct line *line, const char *text, size_t length)
{
	char names[128] = "";

	for (size_t i = 0; i < suppression_type_count; i++) {
		strcat(names, i ? ", " : "");
		strcat(names, suppression_types[i].name);
	}
	return suppression_refuse(line, "`%.*s' begins with none of %s and a colon", (int)length,
				  text, names);
}

/* The type of this name; NULL: there is none. */
static const struct suppression_type *find_type(const char *name, size_t length)
{
	for (size_t i = 0; i < suppression_type_count; i++)
		if (strlen(suppression_types[i].name) == length &&
		    !memcmp(suppression_types[i].name, name, length))
			return &suppression_types[i];
	return NULL;
}

/* One condition, `type:pattern`. */
static int read_condition(struct suppression_condition *condition, const struct line *line,
			  const char *text, size_t length)
{
	const char *colon = memchr(text, ':', length);
	const struct suppression_type *type =
		colon ? find_type(text, (size_t)(colon - text)) : NULL;

	if (!type)
		return refuse_type(line, text, length);
	condition->type = type;
	condition->pattern = colon + 1;
	condition->length = length - (size_t)(colon + 1 - text);
	/* No text starts with a blank, so a pattern with a leading blank would never match. */
	while (condition->length && *condition->pattern == ' ') {
		condition->pattern++;
		condition->length--;
	}
	if (!condition->length)
		return suppression_refuse(line, "there is no pattern behind `%s:'", type->name);
	if (type->may_be && !type->may_be(condition->pattern, condition->length))
		return suppression_refuse(line, "`%.*s' is not like %s", (int)length, text,
					  type->wanted);
	return 0;
}

/* `&` and `#` are special only after a blank: `operator&` and `{closure#0}` are parts of names. */
static const char *find_mark(const char *text, char mark)
{
	const char *at = text;

	while ((at = strchr(at, mark)) && !(at > text && at[-1] == ' '))
		at++;
	return at;
}

static bool begins_condition(const char *text)
{
	size_t length = strspn(text, " "), name = strcspn(text + length, ":");

	return text[length + name] && find_type(text + length, name);
}

/* The next `&` between two conditions; blanks around it are optional. */
static const char *find_and(const char *text)
{
	const char *mark = find_mark(text, '&'), *at = text;

	while ((at = strchr(at, '&')) && at != mark && !begins_condition(at + 1))
		at++;
	return at;
}

static size_t trimmed_length(const char *text, size_t length)
{
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	return length;
}

static int read_rule(struct suppression *rule, const struct line *line)
{
	const char *text = rule->text;
	int error = 0;

	while (!error && text) {
		const char *mark = find_and(text);
		size_t length = trimmed_length(text, mark ? (size_t)(mark - text) : strlen(text));

		if (rule->condition_count == SUPPRESSION_CONDITIONS)
			return suppression_refuse(line, "there are more than %d conditions",
						  SUPPRESSION_CONDITIONS);
		error = read_condition(&rule->conditions[rule->condition_count++], line, text,
				       length);
		text = mark ? mark + 1 + strspn(mark + 1, " ") : NULL;
	}
	return error;
}

/* Appends a comment to the preceding ones. */
static const char *join_reason(struct suppressions *suppressions, const char *before,
			       const char *comment)
{
	comment += strspn(comment, "# ");
	return strings_print(&suppressions->strings, "%s%s%.*s", before ? before : "",
			     before && *before && *comment ? " " : "",
			     (int)trimmed_length(comment, strlen(comment)), comment);
}

/* `reason`: from comment lines right before the rule, then from its own line. */
static int suppressions_read_line(struct suppressions *suppressions, const struct line *line,
				  const char *text, const char **reason)
{
	struct suppression rule = { .path = line->path, .line = line->number };
	const char *comment;
	int error;

	text += strspn(text, " ");
	comment = *text == '#' ? text : find_mark(text, '#');
	rule.text = strings_keep_part(
		&suppressions->strings, text,
		trimmed_length(text, comment ? (size_t)(comment - text) : strlen(text)));
	if (comment)
		*reason = join_reason(suppressions, *rule.text ? NULL : *reason, comment);
	if (!*rule.text) {
		if (!comment) /* comments before an empty line do not belong to a rule */
			*reason = NULL;
		return 0;
	}
	rule.reason = *reason && **reason ? *reason : NULL;
	*reason = NULL;
	error = read_rule(&rule, line);
	if (error)
		return error;
	suppressions->rules = memory_grow(suppressions->rules, suppressions->count,
					  &suppressions->room, sizeof *suppressions->rules);
	suppressions->rules[suppressions->count++] = rule;
	return 0;
}

int suppressions_read(struct suppressions *suppressions, const char *path,
		      char sentence[SUPPRESSIONS_SENTENCE_SIZE])
{
	struct line line = { .sentence = sentence };
	FILE *file = fopen(path, "re");
	const char *reason = NULL;
	char *text = NULL;
	size_t size = 0;
	int error = 0;

	if (!suppressions->used) {
		strings_init(&suppressions->strings);
		suppressions->used = true;
	}
	line.path = strings_keep(&suppressions->strings, path);
	errno = file ? 0 : errno;
	while (!error && file && getline(&text, &size, file) >= 0) {
		line.number++;
		text[strcspn(text, "\r\n")] = '\0';
		for (char *tab = text; (tab = strchr(tab, '\t'));)
			*tab = ' ';
		error = suppressions_read_line(suppressions, &line, text, &reason);
		errno = 0;
	}
	if (!error && (!file || ferror(file))) {
		error = -errno;
		snprintf(sentence, SUPPRESSIONS_SENTENCE_SIZE,
			 "the suppressions in %s cannot be read: %s", path, strerror(errno));
	}
	free(text);
	if (file)
		fclose(file);
	return error;
}

void suppressions_deinit(struct suppressions *suppressions)
{
	free(suppressions->rules);
	if (suppressions->used)
		strings_deinit(&suppressions->strings);
	memset(suppressions, 0, sizeof *suppressions);
}

bool suppressions_find(const char *directory, char path[PATH_MAX])
{
	size_t length = strlen(directory);

	for (;;) {
		while (length && directory[length - 1] == '/')
			length--;
		if (snprintf(path, PATH_MAX, "%.*s/" SUPPRESSIONS_FILE, (int)length, directory) <
			    PATH_MAX &&
		    !access(path, F_OK))
			return true;
		if (!length)
			return false;
		while (length && directory[length - 1] != '/')
			length--;
	}
}

/* Under sudo, accept files of the calling user too, as git does (safe.directory). */
static bool file_owner_is_ours(uid_t owner)
{
	const char *caller = geteuid() ? NULL : getenv("SUDO_UID");

	return owner == geteuid() || !owner ||
	       (caller && *caller && (uid_t)strtoul(caller, NULL, 10) == owner);
}

const char *suppressions_distrust(const char *path)
{
	struct stat file, directory;
	char parent[PATH_MAX];

	snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(path, '/') - path + 1), path);
	if (stat(path, &file) || stat(parent, &directory))
		return "it cannot be read";
	if (!S_ISREG(file.st_mode))
		return "it is not a regular file";
	if (!file_owner_is_ours(file.st_uid))
		return "it belongs to another user";
	if (file.st_mode & S_IWOTH)
		return "others may write to it";
	if (directory.st_mode & S_IWOTH)
		return "others may write to its directory";
	return NULL;
}

static bool rule_matches(const struct suppression *rule, const struct finding *finding)
{
	for (size_t i = 0; i < rule->condition_count; i++)
		if (!rule->conditions[i].type->matches(&rule->conditions[i], finding))
			return false;
	return true;
}

const struct suppression *suppressions_match(struct suppressions *suppressions,
					     const struct finding *finding)
{
	const struct suppression *matched = NULL;

	for (size_t i = 0; i < suppressions->count; i++) {
		struct suppression *rule = &suppressions->rules[i];

		if (!rule_matches(rule, finding))
			continue;
		if (!matched)
			matched = rule;
		rule->findings++;
		rule->events += finding->count;
	}
	return matched;
}

size_t suppressions_unused(const struct suppressions *suppressions)
{
	size_t unused = 0;

	for (size_t i = 0; i < suppressions->count; i++)
		unused += !suppressions->rules[i].findings;
	return unused;
}
