#include "screen.h"

#include <curses.h>
#include <inttypes.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "order.h"
#include "report/explain/hang_formats.h"
#include "report/model/words.h"
#include "report/tasks/await_chain.h"
#include "report/wording/quantity.h"
#include "rows.h"

#define LINE 512 /* bytes of one line */

enum colour { COLOUR_ERROR = 1, COLOUR_WARNING, COLOUR_GOOD };

static const char *const view_names[VIEWS] = { "1 overview", "2 findings", "3 tasks", "4 threads" };

/* One line, cut at the right edge; characters of several bytes or columns stay whole. */
static void __attribute__((format(printf, 3, 4))) screen_put(int y, int x, const char *format, ...)
{
	wchar_t wide[LINE];
	char text[LINE];
	va_list arguments;
	size_t length;
	int width = 0;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	length = mbstowcs(wide, text, LINE - 1);
	if (length == (size_t)-1) { /* cut within a character, or not in this encoding */
		mvaddnstr(y, x, text, COLS - x);
		return;
	}
	for (size_t i = 0; i < length; i++) {
		int columns = wcwidth(wide[i]);

		if (columns < 0)
			wide[i] = L'?';
		width += columns < 0 ? 1 : columns;
		if (x + width > COLS) {
			length = i;
			break;
		}
	}
	mvaddnwstr(y, x, wide, (int)length);
}

static const char *cell_duration(char text[QUANTITY_SIZE], uint64_t ns)
{
	return ns ? quantity_duration(text, ns) : "-";
}

static const char *cell_rate(char text[QUANTITY_SIZE], double each_second)
{
	if (each_second < 0)
		return "-";
	snprintf(text, QUANTITY_SIZE, each_second < 10 && each_second > 0 ? "%.1f" : "%.0f",
		 each_second);
	return text;
}

static const char *cell_share(char text[QUANTITY_SIZE], double part)
{
	if (part < 0)
		return "-";
	snprintf(text, QUANTITY_SIZE, "%.1f %%", 100 * part);
	return text;
}

static const char *program_of(const struct process *process)
{
	const char *path = process->executable ? process->executable : "?";
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void print_doing(const void *thread, FILE *out)
{
	hang_print_doing(thread, out);
}

static int severity_attributes(enum severity severity)
{
	switch (severity) {
	case SEVERITY_ERROR:
		return A_BOLD | COLOR_PAIR(COLOUR_ERROR);
	case SEVERITY_WARNING:
		return COLOR_PAIR(COLOUR_WARNING);
	default:
		return A_DIM;
	}
}

static void draw_title(const struct top_screen *screen, const struct top_data *data)
{
	const size_t *found = data->report.summary.findings;
	char turns[QUANTITY_SIZE], clock[16], errors[64], warnings[64], notices[64];
	time_t now = time(NULL);
	struct tm local;

	strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&now, &local));
	attron(A_REVERSE);
	mvhline(0, 0, ' ', COLS);
	screen_put(0, 0, " %s   %zu process%s   %s turns/s   %s, %s, %s%s", screen->title,
		   data->look_count, data->look_count == 1 ? "" : "es",
		   cell_rate(turns, data->turns_rate),
		   quantity_of(errors, found[SEVERITY_ERROR], "error"),
		   quantity_of(warnings, found[SEVERITY_WARNING], "warning"),
		   quantity_of(notices, found[SEVERITY_NOTICE], "notice"),
		   screen->paused ? "   PAUSED" : "");
	if (COLS >= 100)
		screen_put(0, COLS - 9, "%s", clock);
	attroff(A_REVERSE);
	for (int view = 0, x = 1; view < VIEWS; view++) {
		attron(view == (int)screen->view ? A_BOLD | A_UNDERLINE : A_DIM);
		screen_put(1, x, "%s", view_names[view]);
		attrset(A_NORMAL);
		x += (int)strlen(view_names[view]) + 2;
	}
	if (COLS >= 80)
		screen_put(1, COLS - 28, "sorted by %s",
			   order_name(screen->view, screen->sort[screen->view]));
}

static void begin_row(bool selected)
{
	if (selected)
		attron(A_REVERSE);
}

static void end_row(int y, bool selected)
{
	if (selected)
		mvchgat(y, 0, -1, A_REVERSE, 0, NULL);
	attrset(A_NORMAL);
}

static void draw_executor(int y, const struct top_executor *row)
{
	const struct turn_lengths *lengths = &row->executor->lengths;
	char turns[QUANTITY_SIZE], busy[QUANTITY_SIZE], half[QUANTITY_SIZE], most[QUANTITY_SIZE],
		longest[QUANTITY_SIZE];

	screen_put(y, 0, "%8" PRId64 " %-14.14s %-20.20s %7" PRIu64 " %9s %8s %9s %9s %9s",
		   row->process->pid, program_of(row->process), row->executor->name,
		   row->executor->threads, cell_rate(turns, row->turns_rate),
		   cell_share(busy, row->busy), cell_duration(half, lengths->p50_ns),
		   cell_duration(most, lengths->p99_ns), cell_duration(longest, lengths->max_ns));
	if (row->worst) {
		char *doing = top_text_of(print_doing, row->worst);

		if (hung_thread_is_blocked(row->worst))
			attron(COLOR_PAIR(COLOUR_ERROR));
		screen_put(y, 103, "%s: %s", row->worst->name, doing);
		attrset(A_NORMAL);
		free(doing);
	}
}

static int draw_executors(int y, int most, const struct top_data *data)
{
	attron(A_BOLD);
	screen_put(y++, 0, "%8s %-14s %-20s %7s %9s %8s %9s %9s %9s NOW", "PID", "PROGRAM",
		   "EXECUTOR", "THREADS", "TURNS/S", "BUSY", "P50", "P99", "LONGEST");
	attrset(A_NORMAL);
	for (size_t i = 0; i < data->executor_count && (int)i < most; i++)
		draw_executor(y++, &data->executors[i]);
	if ((size_t)most < data->executor_count)
		screen_put(y++, 0, "         and %zu more", data->executor_count - (size_t)most);
	if (!data->executor_count)
		screen_put(y++, 0, "         no executor has run a turn yet");
	return y;
}

/* Its sentence without the numbers, which have columns: ": 3 times, ..." */
static int sentence_length(const char *message)
{
	const char *end = NULL;

	for (const char *at = message; (at = strstr(at, ": ")); at += 2)
		if ((at[2] >= '0' && at[2] <= '9') || !strncmp(at + 2, "once", 4) ||
		    !strncmp(at + 2, "for ", 4) || !strncmp(at + 2, "held ", 5))
			end = at;
	return end ? (int)(end - message) : (int)strlen(message);
}

static void draw_finding(int y, const struct top_finding *row, bool selected)
{
	const struct finding *finding = row->finding;
	char count[QUANTITY_SIZE], each[QUANTITY_SIZE], total[QUANTITY_SIZE],
		longest[QUANTITY_SIZE];

	begin_row(selected);
	screen_put(y, 0, "%-8s %8s %7s %9s %9s  %.*s", severity_word(finding->severity),
		   quantity_count(count, finding->count), cell_rate(each, row->rate),
		   cell_duration(total, finding->total_ns), cell_duration(longest, finding->max_ns),
		   sentence_length(finding->message), finding->message);
	if (!selected)
		mvchgat(y, 0, 8, (attr_t)severity_attributes(finding->severity),
			(short)(finding->severity == SEVERITY_ERROR	? COLOUR_ERROR
				: finding->severity == SEVERITY_WARNING ? COLOUR_WARNING
									: 0),
			NULL);
	end_row(y, selected);
}

static void draw_tasks(int y, const struct top_tasks *row, bool selected, struct session *session)
{
	const struct task_group *group = row->group;
	char count[QUANTITY_SIZE], oldest[QUANTITY_SIZE];
	const char *chain = await_chain_print(session, group->type, &group->awaits);

	begin_row(selected);
	screen_put(y, 0, "%8" PRId64 " %9s %9s  %s", row->process->pid,
		   quantity_count(count, group->count), cell_duration(oldest, group->oldest_ns),
		   chain	 ? chain
		   : group->type ? group->type
				 : "?");
	end_row(y, selected);
}

static void draw_thread(int y, const struct top_thread *row, bool selected)
{
	const struct hung_thread *thread = row->thread;
	char *doing = top_text_of(print_doing, thread);
	bool blocked = hung_thread_is_blocked(thread);

	begin_row(selected);
	if (blocked && !selected)
		attron(COLOR_PAIR(COLOUR_ERROR));
	screen_put(y, 0, "%8" PRId64 " %8d %-16.16s %-20.20s %s", row->hang->process->pid,
		   thread->tid, thread->name, thread->executor, doing);
	end_row(y, selected);
	free(doing);
}

static const char *const heads[VIEWS] = {
	[VIEW_OVERVIEW] = "SEVERITY    COUNT     /S     TOTAL   LONGEST  FINDING",
	[VIEW_FINDINGS] = "SEVERITY    COUNT     /S     TOTAL   LONGEST  FINDING",
	[VIEW_TASKS] = "     PID     COUNT    OLDEST  WAITS AT",
	[VIEW_THREADS] = "     PID      TID THREAD           EXECUTOR             DOES",
};

/* The selection stays with its finding when the order changes. */
static void follow_selection(struct top_screen *screen, const struct top_data *data)
{
	for (size_t i = 0; top_lists_findings(screen) && *screen->id && i < data->finding_count;
	     i++)
		if (!strcmp(data->findings[i].finding->id, screen->id)) {
			screen->selected = i;
			return;
		}
}

static void draw_row(const struct top_screen *screen, struct top_data *data, size_t i, int y)
{
	bool selected = i == screen->selected;

	switch (screen->view) {
	case VIEW_TASKS:
		draw_tasks(y, &data->tasks[i], selected, &data->session);
		break;
	case VIEW_THREADS:
		draw_thread(y, &data->threads[i], selected);
		break;
	default:
		draw_finding(y, &data->findings[i], selected);
	}
}

static void draw_list(struct top_screen *screen, struct top_data *data, int y)
{
	size_t count = top_row_count(screen, data),
	       room = LINES - y > 2 ? (size_t)(LINES - y - 2) : 1;

	attron(A_BOLD);
	screen_put(y++, 0, "%s", heads[screen->view]);
	attrset(A_NORMAL);
	if (screen->selected >= count)
		screen->selected = count ? count - 1 : 0;
	if (screen->selected < screen->first)
		screen->first = screen->selected;
	if (screen->selected >= screen->first + room)
		screen->first = screen->selected - room + 1;
	for (size_t i = screen->first; i < count && i < screen->first + room; i++)
		draw_row(screen, data, i, y++);
	if (!count)
		screen_put(y, 9,
			   screen->view == VIEW_TASKS ? "no tasks that can be listed" : "none yet");
}

static size_t line_count(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void draw_detail(struct top_screen *screen)
{
	size_t count = line_count(screen->detail), room = LINES > 4 ? (size_t)LINES - 4 : 1;
	const char *at = screen->detail;
	int y = 3;

	if (screen->detail_first + room > count)
		screen->detail_first = count > room ? count - room : 0;
	for (size_t line = 0; *at && y < LINES - 1; line++) {
		size_t length = strcspn(at, "\n");

		if (line >= screen->detail_first)
			screen_put(y++, 0, "%.*s", (int)length, at);
		at += length + (at[length] == '\n');
	}
}

static const char help[] =
	"1 2 3 4, Tab   overview, findings, tasks, threads\n"
	"Up, Down       select; PageUp, PageDown, Home, End\n"
	"Enter          the selected finding with its stack; a thread's process, explained\n"
	"s              sort by the next column\n"
	"w              write a report in HTML to the current directory\n"
	"p              pause, and go on\n"
	"q, Escape      back; quit\n"
	"\n"
	"BUSY is the share of its threads' time that an executor spent in turns since the last\n"
	"reading. NOW is what its thread does that has been in its turn for longest.\n";

void top_screen_draw(struct top_screen *screen, struct top_data *data)
{
	int y = 3;

	erase();
	order_apply(screen->view, screen->sort[screen->view], data);
	follow_selection(screen, data);
	draw_title(screen, data);
	if (screen->helps && !screen->detail)
		screen->detail = strdup(help);
	if (screen->detail) {
		draw_detail(screen);
	} else {
		if (screen->view == VIEW_OVERVIEW)
			y = draw_executors(y, LINES / 3, data) + 1;
		draw_list(screen, data, y);
	}
	attron(A_REVERSE);
	mvhline(LINES - 1, 0, ' ', COLS);
	screen_put(LINES - 1, 0, " %s",
		   *screen->message ? screen->message
		   : screen->detail
			   ? "Up Down scroll   q back"
			   : "q quit   Tab view   Enter open   s sort   w write report   p pause "
			     "  ? help");
	attroff(A_REVERSE);
	refresh();
}

bool top_screen_open(const char **why)
{
	setlocale(LC_CTYPE, "");
	if (!newterm(NULL, stdout, stdin)) {
		*why = "this terminal is not known here: set TERM to one that is, as xterm";
		return false;
	}
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	if (has_colors()) {
		start_color();
		use_default_colors();
		init_pair(COLOUR_ERROR, COLOR_RED, -1);
		init_pair(COLOUR_WARNING, COLOR_YELLOW, -1);
		init_pair(COLOUR_GOOD, COLOR_GREEN, -1);
	}
	return true;
}

void top_screen_close(void)
{
	endwin();
}
