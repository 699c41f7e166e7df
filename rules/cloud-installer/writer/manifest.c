/* Reads a manifest. Its digest is known by then, so that what is wrong in it was wrong when it was made. */
#include <stdlib.h>
#include <string.h>

#include "writer.h"

#define FORMAT "dsmb-install/1"
#define MOST_BYTES ((uint64_t)1 << 44) /* 16 TiB, as the disk's own format has it */

static void read_disk(struct json *json, struct manifest *manifest, uint64_t *block_size)
{
	char key[32];
	for (json_open(json, '{'); json_member(json, key, sizeof key);)
		if (strcmp(key, "bytes") == 0)
			json_number(json, &manifest->bytes);
		else if (strcmp(key, "blockSize") == 0)
			json_number(json, block_size);
		else
			json_skip(json);
}

static void read_network(struct json *json, struct manifest *manifest)
{
	char key[32];
	for (json_open(json, '{'); json_member(json, key, sizeof key);)
		if (strcmp(key, "offset") == 0)
			json_number(json, &manifest->network_offset);
		else if (strcmp(key, "bytes") == 0)
			json_number(json, &manifest->network_bytes);
		else
			json_skip(json);
}

static void read_last_partition(struct json *json, struct manifest *manifest)
{
	char key[32];
	for (json_open(json, '{'); json_member(json, key, sizeof key);)
		if (strcmp(key, "start") == 0)
			json_number(json, &manifest->last_start);
		else if (strcmp(key, "sectors") == 0)
			json_number(json, &manifest->last_sectors);
		else if (strcmp(key, "sectorsOffset") == 0)
			json_number(json, &manifest->last_offset);
		else
			json_skip(json);
}

static void digits_of(const char *mac, char *digits)
{
	int count = 0;
	for (; *mac && count < MAC_DIGITS; mac++)
		if (*mac != ':')
			digits[count++] = *mac >= 'a' ? *mac - 'a' + 'A' : *mac;
	digits[count] = 0;
}

static void read_prefixes(struct json *json, struct manifest *manifest)
{
	char prefix[3 * SHA256_SIZE];
	for (json_open(json, '['); json_item(json) && json_string(json, prefix, sizeof prefix);)
		if (manifest->prefix_count < MOST_PREFIXES)
			digits_of(prefix, manifest->prefixes[manifest->prefix_count++]);
}

static void read_block(struct json *json, struct block *block)
{
	char key[32];
	uint64_t bytes = 0;
	*block = (struct block){0};
	for (json_open(json, '{'); json_member(json, key, sizeof key);)
		if (strcmp(key, "index") == 0)
			json_number(json, &block->index);
		else if (strcmp(key, "bytes") == 0)
			json_number(json, &bytes);
		else if (strcmp(key, "sha256") == 0)
			json_string(json, block->name, sizeof block->name);
		else
			json_skip(json);
	block->bytes = bytes > BLOCK ? 0 : bytes;
	if (!sha256_from_hex(block->name, block->sha256))
		json->bad = true;
}

static void read_blocks(struct json *json, struct manifest *manifest)
{
	size_t room = 0;
	for (json_open(json, '['); json_item(json); manifest->count++) {
		if (manifest->count == room) {
			room = room ? 2 * room : 64;
			manifest->blocks = realloc(manifest->blocks, room * sizeof *manifest->blocks);
			if (!manifest->blocks)
				abort();
		}
		read_block(json, &manifest->blocks[manifest->count]);
	}
}

static bool are_in_place(const struct manifest *manifest)
{
	uint64_t next = 0;
	for (size_t number = 0; number < manifest->count; number++) {
		const struct block *block = &manifest->blocks[number];
		if (block->index < next || block->index >= (manifest->bytes + BLOCK - 1) / BLOCK)
			return false;
		uint64_t left = manifest->bytes - block->index * BLOCK;
		if (block->bytes != (left < BLOCK ? left : BLOCK))
			return false;
		next = block->index + 1;
	}
	return manifest->count > 0 && manifest->blocks[0].index == 0;
}

static bool is_in_one_block(const struct manifest *manifest, uint64_t offset, uint64_t bytes)
{
	return offset < manifest->bytes && bytes <= manifest->bytes - offset && offset % BLOCK + bytes <= BLOCK;
}

/* The places of what is written for each host; NULL, or which of them is wrong. */
static const char *check_places(const struct manifest *manifest)
{
	if (manifest->has_mac && (strlen(manifest->mac_digits) != MAC_DIGITS ||
				  !is_in_one_block(manifest, manifest->mac_offset, MAC_DIGITS)))
		return "the place of its MAC address is wrong";
	if (manifest->network_bytes > MOST_NETWORK ||
	    !is_in_one_block(manifest, manifest->network_offset, manifest->network_bytes))
		return "the place of its network is wrong";
	uint64_t at = manifest->last_offset;
	if (manifest->last_start && (at < TABLE_OFFSET || at + 4 > TABLE_END || manifest->last_sectors > UINT32_MAX))
		return "the place of its last partition is wrong";
	return NULL;
}

const char *parse_manifest(struct manifest *manifest, const char *text, size_t length)
{
	struct json json = {.at = text, .end = text + length};
	char key[32], format[32] = "";
	uint64_t block_size = 0;
	*manifest = (struct manifest){0};
	for (json_open(&json, '{'); json_member(&json, key, sizeof key);)
		if (strcmp(key, "format") == 0)
			json_string(&json, format, sizeof format);
		else if (strcmp(key, "disk") == 0)
			read_disk(&json, manifest, &block_size);
		else if (strcmp(key, "macOffset") == 0)
			manifest->has_mac = json_number(&json, &manifest->mac_offset);
		else if (strcmp(key, "macDigits") == 0)
			json_string(&json, manifest->mac_digits, sizeof manifest->mac_digits);
		else if (strcmp(key, "macPrefixes") == 0)
			read_prefixes(&json, manifest);
		else if (strcmp(key, "network") == 0)
			read_network(&json, manifest);
		else if (strcmp(key, "lastPartition") == 0)
			read_last_partition(&json, manifest);
		else if (strcmp(key, "blocks") == 0)
			read_blocks(&json, manifest);
		else
			json_skip(&json);
	if (json.bad)
		return "it is no manifest";
	if (strcmp(format, FORMAT) != 0)
		return "its format is not " FORMAT;
	if (block_size != BLOCK || manifest->bytes == 0 || manifest->bytes > MOST_BYTES)
		return "it has no size that this program knows";
	if (!are_in_place(manifest))
		return "its blocks are not in order, or not on the disk";
	return check_places(manifest);
}
