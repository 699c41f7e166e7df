/*
 * Writes an image to the disk of a machine: fetched block by block, verified before it is written and read back
 * afterwards. Until the first write, everything that is wrong ends the program; from then on there is only forward.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "writer.h"

#define MANIFEST_MOST ((uint64_t)64 << 20)

/* The manifest stays in the server's folder under this name, however often the image is published anew. */
static bool take_manifest(struct image *image, const char *name)
{
	char path[400];
	uint8_t digest[SHA256_SIZE], wanted[SHA256_SIZE];
	size_t length = 0;
	fetched_path(image->options, name, path, sizeof path);
	char *text = read_file(path, &length);
	unlink(path);
	if (!text)
		return false;
	sha256_of(text, length, digest);
	sha256_from_hex(image->options->manifest, wanted);
	const char *wrong = NULL;
	if (memcmp(digest, wanted, SHA256_SIZE) != 0)
		say("the manifest of %s has another SHA-256 than dsmb.manifest=", fetcher_address(&image->fetcher));
	else if ((wrong = parse_manifest(&image->manifest, text, length)))
		stop("publish the image again, with the dsmb that this program is of", "the manifest cannot be used: %s", wrong);
	else
		return true;
	free(text);
	return false;
}

static void get_manifest(struct image *image)
{
	char name[100];
	const char *wanted = name;
	stage("fetching the manifest");
	snprintf(name, sizeof name, "manifest-%s.json", image->options->manifest);
	for (int failures = 0;; fetch_pause(&image->fetcher, ++failures)) {
		waits_for("%s", fetcher_address(&image->fetcher));
		const char *reason = fetch(&image->fetcher, &wanted, 1, MANIFEST_MOST);
		if (take_manifest(image, name))
			return;
		say("%s gave no manifest: %s", fetcher_address(&image->fetcher), reason);
	}
}

static void hold(const char *folder)
{
	char path[300];
	snprintf(path, sizeof path, "%s/go", folder);
	stage("held before the first write: go on with the command `go`");
	waits_for("the command `go` on the console");
	while (access(path, F_OK) != 0)
		sleep(1);
	unlink(path);
}

/*
 * The timer of `dsmb.return=` may be about to restart the machine into the old system. Each side makes its own sign
 * before it looks for the other's, so that they cannot miss each other; the timer is the one that gives way.
 */
static void begin_writing(const char *folder)
{
	char path[300];
	snprintf(path, sizeof path, "%s/writing", folder);
	int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (file < 0)
		stop("start the machine again", "%s cannot be made: %s", path, strerror(errno));
	close(file);
	snprintf(path, sizeof path, "%s/returning", folder);
	while (access(path, F_OK) == 0)
		sleep(1);
}

int main(int count, char **words)
{
	struct options options;
	parse_options(&options, count - 1, words + 1);
	struct image image = {.options = &options, .fetcher = {.options = &options}};
	image.buffer = aligned_alloc(4096, BLOCK);
	image.first = malloc(BLOCK);
	if (!image.buffer || !image.first)
		abort();
	get_manifest(&image);
	find_disk(&image.disk, &options, image.manifest.bytes);
	say("the disk is %s, %llu bytes", image.disk.path, (unsigned long long)image.disk.bytes);
	choose_patches(&image.patches, &options, &image.manifest, image.disk.bytes);
	get_first_block(&image);
	look_at_disk(&image);
	if (options.hold)
		hold(options.folder);
	begin_writing(options.folder);
	size_t wrong;
	do {
		make_zeros(&image);
		write_blocks(&image);
		if ((wrong = verify_disk(&image)))
			say("%zu blocks of the disk are not what was written: they are written again", wrong);
	} while (wrong);
	write_first_block(&image);
	stage("done: the disk is written, and what was read back is right");
	return 0;
}
