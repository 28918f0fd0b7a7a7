/* What a key does in `yieldsan top'. */
#include <curses.h>
#include <stdlib.h>
#include <string.h>

#include "report/explain/hang_formats.h"
#include "report/formats/text.h"
#include "rows.h"

#define ESCAPE 27

static void remember_selection(struct top_screen *screen, const struct top_data *data)
{
	*screen->id = '\0';
	if (top_lists_findings(screen) && screen->selected &&
	    screen->selected < data->finding_count)
		strcpy(screen->id, data->findings[screen->selected].finding->id);
}

struct shown {
	const struct top_screen *screen;
	const struct top_data *data;
};

static void print_detail(const void *what, FILE *out)
{
	const struct shown *shown = what;
	const struct top_data *data = shown->data;
	size_t i = shown->screen->selected;

	switch (shown->screen->view) {
	case VIEW_THREADS:
		for (size_t j = 0; j < data->look_count; j++)
			if (&data->hangs[j] == data->threads[i].hang)
				hang_print_text(&data->hangs[j], &data->looks[j], out);
		break;
	case VIEW_TASKS:
		for (size_t j = 0; j < data->look_count; j++)
			if (data->hangs[j].process == data->tasks[i].process)
				hang_print_text(&data->hangs[j], &data->looks[j], out);
		break;
	default:
		text_print_finding(&data->report, data->findings[i].finding, out);
	}
}

static void open_detail(struct top_screen *screen, const struct top_data *data)
{
	struct shown shown = { screen, data };

	if (screen->selected >= top_row_count(screen, data))
		return;
	screen->detail = top_text_of(print_detail, &shown);
	screen->detail_first = 0;
}

static void close_detail(struct top_screen *screen)
{
	free(screen->detail);
	screen->detail = NULL;
	screen->helps = false;
}

/* By lines, negative: upwards. */
static void move_by(struct top_screen *screen, long lines)
{
	size_t *at = screen->detail ? &screen->detail_first : &screen->selected;

	if (lines < 0 && *at < (size_t)-lines)
		*at = 0;
	else
		*at += (size_t)lines; /* drawing limits it */
}

static void choose_view(struct top_screen *screen, enum top_view view)
{
	close_detail(screen);
	screen->view = view;
	screen->selected = screen->first = 0;
	*screen->id = '\0';
}

static enum top_action go_back(struct top_screen *screen)
{
	if (!screen->detail)
		return TOP_QUIT;
	close_detail(screen);
	return TOP_NOTHING;
}

static bool key_moves(struct top_screen *screen, int key)
{
	static const struct {
		int key;
		long lines;
	} keys[] = {
		{ KEY_UP, -1 },
		{ 'k', -1 },
		{ KEY_DOWN, 1 },
		{ 'j', 1 },
		{ KEY_HOME, -1000000000 },
		{ KEY_END, 1000000 },
		{ KEY_PPAGE, -10 },
		{ KEY_NPAGE, 10 },
	};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i].key == key) {
			move_by(screen, keys[i].lines);
			return true;
		}
	return false;
}

enum top_action top_screen_key(struct top_screen *screen, struct top_data *data, int ms)
{
	int key;

	timeout(ms);
	key = getch();
	if (key == ERR)
		return TOP_REFRESH;
	*screen->message = '\0';
	if (key_moves(screen, key)) {
		remember_selection(screen, data);
		return TOP_NOTHING;
	}
	switch (key) {
	case 'q':
	case ESCAPE:
		return go_back(screen);
	case '\t':
		choose_view(screen, (screen->view + 1) % VIEWS);
		break;
	case '1' ... '4':
		choose_view(screen, (enum top_view)(key - '1'));
		break;
	case '\n':
	case '\r':
	case KEY_ENTER:
		if (!screen->detail)
			open_detail(screen, data);
		break;
	case 's':
		screen->sort[screen->view]++;
		break;
	case 'p':
		screen->paused = !screen->paused;
		break;
	case '?':
	case 'h':
		screen->helps = true;
		break;
	case 'w':
		return TOP_WRITE_REPORT;
	}
	return TOP_NOTHING;
}
