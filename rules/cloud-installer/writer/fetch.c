/* Fetching, by curl: it knows redirects, TLS and proxies. What comes is believed by its digest only. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "writer.h"

#define MOST_PAUSE 60

static const char *last_part(const char *name)
{
	const char *slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

void fetched_path(const struct options *options, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/work/%s", options->folder, last_part(name));
}

const char *fetcher_address(const struct fetcher *fetcher)
{
	return fetcher->options->urls[fetcher->address];
}

static void put_quoted(FILE *config, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', config);
		putc(*text, config);
	}
}

/* The list of what to fetch, as curl's --config has it. */
static bool write_config(const struct fetcher *fetcher, const char *path, const char *const *names, int count)
{
	FILE *config = fopen(path, "w");
	if (!config)
		return false;
	const char *address = fetcher_address(fetcher);
	size_t length = strlen(address);
	for (int number = 0; number < count; number++) {
		char to[512];
		fetched_path(fetcher->options, names[number], to, sizeof to);
		unlink(to);
		fputs("url = \"", config);
		put_quoted(config, address);
		fprintf(config, "%s%s\"\noutput = \"", address[length - 1] == '/' ? "" : "/", names[number]);
		put_quoted(config, to);
		fputs("\"\n", config);
	}
	return fclose(config) == 0;
}

static _Noreturn void become_curl(const char *config, const char *messages, uint64_t most_bytes)
{
	int file = open(messages, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(file, STDERR_FILENO);
	/* A page without an end, in place of a block, would fill the memory. */
	struct rlimit limit = {most_bytes, most_bytes};
	setrlimit(RLIMIT_FSIZE, &limit);
	/* What is slower than 64 bytes a second for half a minute stands still. */
	execlp("curl", "curl", "--disable", "--silent", "--show-error", "--fail", "--location", "--insecure",
	       "--globoff", "--proto", "=http,https,file", "--proto-redir", "=http,https", "--max-redirs", "5", "--connect-timeout", "10",
	       "--speed-limit", "64", "--speed-time", "30", "--config", config, (char *)NULL);
	_exit(127);
}

/* The first line that curl wrote; without a file name or number before it. */
static void read_reason(const char *messages, char *reason, size_t size)
{
	size_t length;
	char *text = read_file(messages, &length);
	char *start = text ? strstr(text, ") ") : NULL;
	snprintf(reason, size, "%s", start ? start + 2 : "curl ended without a word");
	reason[strcspn(reason, "\r\n")] = 0;
	free(text);
}

const char *fetch(struct fetcher *fetcher, const char *const *names, int count, uint64_t most_bytes)
{
	static char reason[200];
	char config[300], messages[300];
	fetched_path(fetcher->options, "curl.config", config, sizeof config);
	fetched_path(fetcher->options, "curl.log", messages, sizeof messages);
	if (!write_config(fetcher, config, names, count))
		return "there is no memory left for what is fetched";
	pid_t child = fork();
	if (child == 0)
		become_curl(config, messages, most_bytes);
	int status = 0;
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return "curl cannot be started";
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return "nothing";
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return "there is no curl";
	read_reason(messages, reason, sizeof reason);
	return reason;
}

void fetch_pause(struct fetcher *fetcher, int failures)
{
	int seconds = failures > 6 ? MOST_PAUSE : 1 << (failures - 1);
	fetcher->address = (fetcher->address + 1) % fetcher->options->url_count;
	for (int left = seconds > MOST_PAUSE ? MOST_PAUSE : seconds; left > 0; left--) {
		waits_for("%s, asked again in %d s", fetcher_address(fetcher), left);
		sleep(1);
	}
	waits_for("%s", fetcher_address(fetcher));
}
