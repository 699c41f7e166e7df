/*
 * The few bytes of an image that are the host's own: the MAC address, the network, the size of the last partition. They are
 * put into a block in memory, after it was verified, so that the whole disk stays one that can be verified.
 */
#include <stdio.h>
#include <string.h>

#include "writer.h"

#define SECTOR 512
#define SAFE "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.:,/=-"

static struct patch *add_patch(struct patches *patches, uint64_t offset, uint32_t length)
{
	struct patch *patch = &patches->all[patches->count++];
	patch->offset = offset;
	patch->length = length;
	return patch;
}

/* The MAC address: what was told, or the card's own if the system knows such cards. */
static const char *choose_mac(const struct options *options, const struct manifest *manifest)
{
	if (*options->mac)
		return options->mac;
	if (!*options->card)
		stop("add dsmb.mac=", "no MAC address to write is given");
	for (int number = 0; number < manifest->prefix_count; number++)
		if (strncmp(options->card, manifest->prefixes[number], strlen(manifest->prefixes[number])) == 0)
			return options->card;
	stop("give the machine such an address, or insist with dsmb.mac=",
	     "the system does not recognise a card with the MAC address %s: it would run without a network", options->card);
}

/* A line for GRUB, whose quotes no character ends, and empty lines up to the end of the file. */
static void write_network(uint8_t *file, size_t bytes, const struct options *options)
{
	char line[MOST_NETWORK + 1] = "set host_net=\"";
	size_t length = strlen(line);
	for (int number = 0; number < options->card_count; number++) {
		const char *card = options->cards[number];
		if (card[strspn(card, SAFE)])
			stop("correct dsmb.net=", "'%s' is no network that can be kept", card);
		if (length < sizeof line)
			length += snprintf(line + length, sizeof line - length, "%sdsmb.net=%s", number ? " " : "", card);
	}
	if (length + 2 > bytes)
		stop("give fewer addresses in dsmb.net=, or leave dsmb.keep-net out",
		     "the network does not fit into the %zu bytes that the image has for it", bytes);
	memset(file, '\n', bytes);
	memcpy(file, line, length);
	file[length] = '"';
}

static void keep_network(struct patches *patches, const struct options *options, const struct manifest *manifest)
{
	if (!options->keep_network || options->card_count == 0)
		return;
	if (manifest->network_bytes == 0)
		stop("leave dsmb.keep-net out", "the image has no place for a network: the system would ask by DHCP");
	struct patch *patch = add_patch(patches, manifest->network_offset, manifest->network_bytes);
	memset(patch->built, '\n', patch->length);
	write_network(patch->own, patch->length, options);
}

static void put_u32(uint8_t *into, uint32_t value)
{
	for (int at = 0; at < 4; at++)
		into[at] = value >> 8 * at;
}

/* Up to the end of the disk, or of what a DOS table can tell. */
static void grow_last_partition(struct patches *patches, const struct manifest *manifest, uint64_t disk_bytes)
{
	uint64_t end = disk_bytes / SECTOR > UINT32_MAX ? UINT32_MAX : disk_bytes / SECTOR;
	if (manifest->last_start == 0 || end <= manifest->last_start + manifest->last_sectors)
		return;
	struct patch *patch = add_patch(patches, manifest->last_offset, 4);
	put_u32(patch->built, manifest->last_sectors);
	put_u32(patch->own, end - manifest->last_start);
	say("the last partition grows from %llu to %llu MiB", (unsigned long long)manifest->last_sectors / 2048,
	    (unsigned long long)(end - manifest->last_start) / 2048);
}

void choose_patches(struct patches *patches, const struct options *options, const struct manifest *manifest,
		    uint64_t disk_bytes)
{
	if (manifest->has_mac) {
		struct patch *patch = add_patch(patches, manifest->mac_offset, MAC_DIGITS);
		memcpy(patch->built, manifest->mac_digits, MAC_DIGITS);
		memcpy(patch->own, choose_mac(options, manifest), MAC_DIGITS);
	}
	keep_network(patches, options, manifest);
	grow_last_partition(patches, manifest, disk_bytes);
}

/* Where a patch is in a block's content; NULL where it is in another block. */
static uint8_t *place_of(const struct patch *patch, const struct block *block, uint8_t *content)
{
	return patch->offset / BLOCK == block->index ? content + patch->offset % BLOCK : NULL;
}

void patch_block(const struct patches *patches, const struct block *block, uint8_t *content)
{
	for (int number = 0; number < patches->count; number++) {
		const struct patch *patch = &patches->all[number];
		uint8_t *place = place_of(patch, block, content);
		if (place)
			memcpy(place, patch->own, patch->length);
	}
}

bool unpatch_block(const struct patches *patches, const struct block *block, uint8_t *content, bool own)
{
	for (int number = 0; number < patches->count; number++) {
		const struct patch *patch = &patches->all[number];
		uint8_t *place = place_of(patch, block, content);
		if (place && memcmp(place, own ? patch->own : patch->built, patch->length) != 0)
			return false;
		if (place)
			memcpy(place, patch->built, patch->length);
	}
	return true;
}
