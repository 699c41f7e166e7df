/* Brings the disk to what the manifest says. Each step may be repeated: what is right is left alone. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "writer.h"

#define BATCH 8
#define PACKED_MOST (2 * BLOCK)
#define ZERO_AT_A_TIME ((uint64_t)256 * BLOCK)
#define SECONDS_AFTER_DISK_ERROR 10

/* Whether content is the block's, with the host's own bytes in it or with those that were built, which it has afterwards. */
static bool is_content(const struct image *image, const struct block *block, uint8_t *content, bool own)
{
	uint8_t digest[SHA256_SIZE];
	if (!unpatch_block(&image->patches, block, content, own))
		return false;
	sha256_of(content, block->bytes, digest);
	return memcmp(digest, block->sha256, SHA256_SIZE) == 0;
}

static bool is_on_disk(const struct image *image, const struct block *block)
{
	return disk_read(&image->disk, block->index * BLOCK, image->buffer, block->bytes) &&
	       is_content(image, block, image->buffer, true);
}

void look_at_disk(struct image *image)
{
	size_t right = 0;
	stage("looking at what is on the disk");
	for (size_t number = 0; number < image->manifest.count; number++) {
		struct block *block = &image->manifest.blocks[number];
		block->right = is_on_disk(image, block);
		right += block->right;
		progress(number + 1, image->manifest.count, 0);
	}
	say("%zu of %zu blocks are there already", right, image->manifest.count);
}

static void disk_refuses(const char *what)
{
	say("the disk refuses %s; tried again in %d s", what, SECONDS_AFTER_DISK_ERROR);
	waits_for("the disk, which refuses %s", what);
	sleep(SECONDS_AFTER_DISK_ERROR);
}

static void make_gap(struct image *image, uint64_t from, uint64_t to)
{
	for (uint64_t end; from < to; from = end) {
		end = to - from > ZERO_AT_A_TIME ? from + ZERO_AT_A_TIME : to;
		while (!disk_zero(&image->disk, from, end))
			disk_refuses("zeros");
		progress(end, image->disk.bytes, 0);
	}
}

void make_zeros(struct image *image)
{
	uint64_t from = 0;
	stage("clearing the disk");
	for (size_t number = 0; number < image->manifest.count; number++) {
		const struct block *block = &image->manifest.blocks[number];
		make_gap(image, from, block->index * BLOCK);
		from = block->index * BLOCK + block->bytes;
	}
	make_gap(image, from, image->disk.bytes);
	while (!disk_flush(&image->disk))
		disk_refuses("to be cleared");
}

/* Takes one block that was fetched; NULL, or why it was not taken. */
static const char *take_block(struct image *image, const struct block *block)
{
	char path[400], name[100];
	snprintf(name, sizeof name, "%s.gz", block->name);
	fetched_path(image->options, name, path, sizeof path);
	const char *wrong = unpack(path, image->buffer, block->bytes);
	unlink(path);
	if (wrong)
		return wrong;
	if (!is_content(image, block, image->buffer, false))
		return "its bytes are not those of the manifest";
	return NULL;
}

static void put_block(struct image *image, struct block *block)
{
	while (!disk_write(&image->disk, block->index * BLOCK, image->buffer, block->bytes))
		disk_refuses("a block");
	block->right = true;
}

static bool is_among(struct block *const *batch, int count, const struct block *block)
{
	for (int number = 0; number < count; number++)
		if (memcmp(batch[number]->sha256, block->sha256, SHA256_SIZE) == 0)
			return true;
	return false;
}

/* The next blocks that are to be fetched, equal ones once; the first one of the disk is not among them. */
static int next_batch(const struct image *image, struct block **batch)
{
	int count = 0;
	for (size_t number = 1; number < image->manifest.count && count < BATCH; number++) {
		struct block *block = &image->manifest.blocks[number];
		if (!block->right && !is_among(batch, count, block))
			batch[count++] = block;
	}
	return count;
}

/* Writes what was taken to each place that is to have it; how many there are. */
static size_t put_equal_blocks(struct image *image, const struct block *taken)
{
	size_t places = 0;
	for (size_t number = 1; number < image->manifest.count; number++) {
		struct block *block = &image->manifest.blocks[number];
		if (block->right || memcmp(block->sha256, taken->sha256, SHA256_SIZE) != 0)
			continue;
		patch_block(&image->patches, block, image->buffer);
		put_block(image, block);
		unpatch_block(&image->patches, block, image->buffer, true);
		places++;
	}
	return places;
}

/* Fetches and writes; how many of the batch were taken. `done`: is raised by the blocks that are right now. */
static int write_batch(struct image *image, struct block *const *batch, int count, size_t *done)
{
	char names[BATCH][100];
	const char *wanted[BATCH] = {0};
	int taken = 0;
	for (int number = 0; number < count; number++) {
		snprintf(names[number], sizeof *names, "blocks/%s.gz", batch[number]->name);
		wanted[number] = names[number];
	}
	const char *reason = fetch(&image->fetcher, wanted, count, PACKED_MOST);
	for (int number = 0; number < count; number++) {
		const char *wrong = take_block(image, batch[number]);
		if (!wrong) {
			*done += put_equal_blocks(image, batch[number]);
			taken++;
		} else if (strcmp(wrong, "it is missing") != 0) {
			say("block %.12s of %s was not written: %s", batch[number]->name, fetcher_address(&image->fetcher), wrong);
		}
	}
	if (taken < count)
		say("%d of %d blocks came from %s: %s", taken, count, fetcher_address(&image->fetcher), reason);
	return taken;
}

void write_blocks(struct image *image)
{
	struct block *batch[BATCH];
	size_t total = 0, done = 0;
	int failures = 0;
	stage("writing");
	for (size_t number = 1; number < image->manifest.count; number++)
		total += !image->manifest.blocks[number].right;
	for (int count; (count = next_batch(image, batch)) > 0;) {
		int taken = write_batch(image, batch, count, &done);
		failures = taken > 0 ? 0 : failures + 1;
		if (taken < count)
			fetch_pause(&image->fetcher, failures > 0 ? failures : 1);
		progress(done, total, (uint64_t)done * BLOCK);
	}
	while (!disk_flush(&image->disk))
		disk_refuses("to keep what was written");
}

/* Whether a part of the disk that the manifest does not have is zero; at most a block. */
static bool is_cleared(const struct image *image, uint64_t from, uint64_t to)
{
	if (to > image->disk.bytes)
		to = image->disk.bytes;
	if (from >= to || (disk_read(&image->disk, from, image->buffer, to - from) && is_zero(image->buffer, to - from)))
		return true;
	say("what was cleared is not zero, from byte %llu on", (unsigned long long)from);
	return false;
}

size_t verify_disk(struct image *image)
{
	size_t wrong = 0, number = 1;
	struct block *blocks = image->manifest.blocks;
	uint64_t count = (image->disk.bytes + BLOCK - 1) / BLOCK;
	stage("reading everything back");
	for (uint64_t index = 1; index < count; index++) {
		uint64_t from = index * BLOCK, to = from + BLOCK;
		if (number < image->manifest.count && blocks[number].index == index) {
			struct block *block = &blocks[number++];
			block->right = is_on_disk(image, block);
			wrong += !block->right;
			from += block->bytes;
		}
		wrong += !is_cleared(image, from, to);
		progress(index + 1, count, index * BLOCK);
	}
	return wrong;
}

void get_first_block(struct image *image)
{
	const struct block *first = image->manifest.blocks;
	char name[100];
	const char *wanted = name;
	snprintf(name, sizeof name, "blocks/%s.gz", first->name);
	for (int failures = 0;; fetch_pause(&image->fetcher, ++failures)) {
		const char *reason = fetch(&image->fetcher, &wanted, 1, PACKED_MOST);
		const char *wrong = take_block(image, first);
		if (!wrong)
			break;
		say("%s gave no first block: %s (%s)", fetcher_address(&image->fetcher), wrong, reason);
	}
	patch_block(&image->patches, first, image->buffer);
	memcpy(image->first, image->buffer, first->bytes);
}

void write_first_block(struct image *image)
{
	struct block *first = image->manifest.blocks;
	stage("writing the boot sector");
	while (!is_on_disk(image, first)) {
		memcpy(image->buffer, image->first, first->bytes);
		put_block(image, first);
		while (!disk_flush(&image->disk))
			disk_refuses("to keep the boot sector");
	}
}
