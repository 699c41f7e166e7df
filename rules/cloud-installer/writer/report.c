/* What people see: the same lines on the consoles and on the page. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "writer.h"

#define LINES 12
#define WIDTH 256
#define SECONDS_BETWEEN_LINES 2

static char folder[200];
static char lines[LINES][WIDTH];
static int line_count;
static char stage_name[64] = "starting", waiting[WIDTH], speed[48];
static int percent = -1;
static double stage_start, last_line, last_page;

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void put_escaped(FILE *page, const char *text)
{
	for (; *text; text++)
		if (*text == '<')
			fputs("&lt;", page);
		else if (*text == '&')
			fputs("&amp;", page);
		else
			putc(*text, page);
}

/* The page replaces the last one as a whole, so that nobody reads a half. */
static void write_page(void)
{
	char path[sizeof folder + 32], fresh[sizeof folder + 32];
	snprintf(path, sizeof path, "%s/www/index.html", folder);
	snprintf(fresh, sizeof fresh, "%s/www/.index.html", folder);
	FILE *page = *folder ? fopen(fresh, "w") : NULL;
	if (!page)
		return;
	fputs("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta http-equiv=\"refresh\" content=\"2\">\n"
	      "<title>dsmb installs</title>\n"
	      "<style>body{font:16px sans-serif;max-width:48em;margin:3em auto;padding:0 1em}progress{width:100%}"
	      "pre{background:#eee;padding:1em;white-space:pre-wrap}</style>\n<h1>",
	      page);
	put_escaped(page, stage_name);
	fputs("</h1>\n", page);
	if (percent >= 0)
		fprintf(page, "<p><progress max=\"100\" value=\"%d\"></progress> %d %% %s</p>\n", percent, percent, speed);
	if (*waiting) {
		fputs("<p>Waits for ", page);
		put_escaped(page, waiting);
		fputs("</p>\n", page);
	}
	fputs("<pre>", page);
	for (int number = line_count > LINES ? line_count - LINES : 0; number < line_count; number++) {
		put_escaped(page, lines[number % LINES]);
		putc('\n', page);
	}
	fputs("</pre>\n", page);
	if (fclose(page) == 0)
		rename(fresh, path);
	last_page = now();
}

static void put_line(const char *line)
{
	snprintf(lines[line_count++ % LINES], WIDTH, "%s", line);
	printf("dsmb: %s\n", line);
	fflush(stdout);
	write_page();
}

void report_to(const char *path)
{
	char below[sizeof folder + 8];
	snprintf(folder, sizeof folder, "%s", path);
	mkdir(folder, 0755);
	snprintf(below, sizeof below, "%s/www", folder);
	mkdir(below, 0755);
	snprintf(below, sizeof below, "%s/work", folder);
	mkdir(below, 0755);
}

void stage(const char *name)
{
	snprintf(stage_name, sizeof stage_name, "%s", name);
	*waiting = *speed = 0;
	percent = -1;
	stage_start = last_line = now();
	put_line(name);
}

void say(const char *format, ...)
{
	char line[WIDTH];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	put_line(line);
}

void waits_for(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(waiting, sizeof waiting, format, arguments);
	va_end(arguments);
	write_page();
}

void progress(uint64_t done, uint64_t total, uint64_t bytes)
{
	double time = now(), seconds = time - stage_start;
	percent = total ? done * 100 / total : 100;
	*waiting = *speed = 0;
	if (bytes && seconds > 0)
		snprintf(speed, sizeof speed, ", %.1f MB/s", bytes / seconds / 1e6);
	if (time - last_line >= SECONDS_BETWEEN_LINES) {
		last_line = time;
		say("%s: %d %%%s", stage_name, percent, speed);
	} else if (time - last_page >= 1) {
		write_page();
	}
}

void stop(const char *advice, const char *format, ...)
{
	char reason[WIDTH];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, sizeof reason, format, arguments);
	va_end(arguments);
	stage("stopped");
	say("%s", reason);
	say("nothing on any disk was changed");
	say("what to do: %s", advice);
	exit(1);
}
