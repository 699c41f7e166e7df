/* The words of the kernel's command line. Words of others are passed over; the last one of its kind counts. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "writer.h"

static const char *value_of(const char *word, const char *name)
{
	size_t length = strlen(name);
	return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static void parse_mac(char *digits, const char *text)
{
	int count = 0;
	for (const char *at = text; *at; at++) {
		if (*at == ':' || *at == '-')
			continue;
		if (!isxdigit((unsigned char)*at) || count == MAC_DIGITS)
			stop("correct dsmb.mac=", "'%s' is not a MAC address", text);
		digits[count++] = toupper((unsigned char)*at);
	}
	if (count != MAC_DIGITS)
		stop("correct dsmb.mac=", "'%s' is not a MAC address", text);
	digits[count] = 0;
}

static uint64_t parse_bytes(const char *text)
{
	char *end;
	uint64_t bytes = strtoull(text, &end, 10);
	if (*end || end == text)
		stop("give dsmb.size= a number of bytes", "'%s' is not a size", text);
	return bytes;
}

static void add_url(struct options *options, const char *url)
{
	bool known = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0 || strncmp(url, "file:///", 8) == 0;
	if (!known)
		stop("correct dsmb.url=", "'%s' is no address of http, https or file", url);
	if (options->url_count == MOST_URLS)
		stop("give fewer of dsmb.url=", "more than %d addresses are given", MOST_URLS);
	options->urls[options->url_count++] = url;
}

static void add_card(struct options *options, const char *settings)
{
	if (strcmp(settings, "dhcp") == 0)
		return;
	if (options->card_count == MOST_CARDS)
		stop("give fewer of dsmb.net=", "the addresses of more than %d cards are given", MOST_CARDS);
	options->cards[options->card_count++] = settings;
}

static void parse_word(struct options *options, const char *word)
{
	const char *value;
	if ((value = value_of(word, "dsmb.url")))
		add_url(options, value);
	else if ((value = value_of(word, "dsmb.manifest")))
		options->manifest = value;
	else if ((value = value_of(word, "dsmb.disk")))
		options->disk = value;
	else if ((value = value_of(word, "dsmb.size")))
		options->disk_bytes = parse_bytes(value);
	else if ((value = value_of(word, "dsmb.mac")))
		parse_mac(options->mac, value);
	else if ((value = value_of(word, "dsmb.card")))
		parse_mac(options->card, value);
	else if ((value = value_of(word, "dsmb.net")))
		add_card(options, value);
	else if (strcmp(word, "dsmb.keep-net") == 0)
		options->keep_network = true;
	else if ((value = value_of(word, "dsmb.hold")))
		options->hold = strstr(value, "write") != NULL;
	else if ((value = value_of(word, "dsmb.folder")))
		options->folder = value;
}

void parse_options(struct options *options, int count, char **words)
{
	*options = (struct options){.folder = "/run/dsmb"};
	for (int number = 0; number < count; number++) {
		const char *folder = value_of(words[number], "dsmb.folder");
		if (folder)
			options->folder = folder;
	}
	report_to(options->folder);
	for (int number = 0; number < count; number++)
		parse_word(options, words[number]);
	uint8_t digest[SHA256_SIZE];
	if (options->url_count == 0)
		stop("add dsmb.url=", "no address to fetch from is given");
	if (!options->manifest || !sha256_from_hex(options->manifest, digest))
		stop("add dsmb.manifest=", "no SHA-256 of a manifest is given");
	if (!options->disk || !*options->disk)
		stop("add dsmb.disk=", "no disk to write is given");
}
