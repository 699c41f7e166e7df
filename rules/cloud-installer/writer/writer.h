/* What the parts of the writer share. */
#ifndef WRITER_H
#define WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK (1024 * 1024)
#define SHA256_SIZE 32
#define SHA256_HEX 64
#define MAC_DIGITS 12
#define MOST_URLS 8
#define MOST_PREFIXES 8
#define MOST_CARDS 8
#define MOST_NETWORK 4096
#define TABLE_OFFSET 446 /* of a DOS table in the first sector */
#define TABLE_END 510

/* options.c: the words of the kernel's command line that begin with `dsmb.`; docs/install-format.md lists them. */
struct options {
	const char *urls[MOST_URLS];
	int url_count;
	const char *manifest;     /* SHA-256 in hex */
	const char *disk;         /* /dev/…, id of a partition table, or serial number */
	uint64_t disk_bytes;      /* exact size of that disk; 0 where it does not matter */
	char mac[MAC_DIGITS + 1]; /* to write, upper case; empty: the card's own */
	char card[MAC_DIGITS + 1];
	const char *cards[MOST_CARDS]; /* what dsmb.net= says of each card with an address of its own */
	int card_count;
	bool keep_network;        /* the system is told the same */
	bool hold;                /* before the first write */
	const char *folder;       /* for the page, for what is being fetched, and for `go` */
};
void parse_options(struct options *options, int count, char **words);

/* json.c: a cursor in a JSON text. After an error, `bad` is set and nothing more is found. */
struct json {
	const char *at, *end;
	bool bad;
};
bool json_open(struct json *json, char bracket);
bool json_member(struct json *json, char *key, size_t size); /* the next member of an object, or its end */
bool json_item(struct json *json);                           /* the next item of a list, or its end */
bool json_string(struct json *json, char *into, size_t size);
bool json_number(struct json *json, uint64_t *value);
void json_skip(struct json *json);

/* manifest.c: what the disk is to hold; docs/install-format.md. */
struct block {
	uint64_t index;
	uint8_t sha256[SHA256_SIZE];
	char name[SHA256_HEX + 1];
	uint32_t bytes;
	bool right; /* seen on the disk */
};
struct manifest {
	uint64_t bytes;
	bool has_mac;
	uint64_t mac_offset;
	char mac_digits[MAC_DIGITS + 1]; /* as the blocks have them */
	char prefixes[MOST_PREFIXES][MAC_DIGITS + 1];
	int prefix_count;
	uint64_t network_offset; /* empty lines in the blocks */
	uint64_t network_bytes;  /* 0: the image has no such place */
	uint64_t last_start;     /* of the last partition, in sectors; 0 where none is to grow */
	uint64_t last_sectors;
	uint64_t last_offset;    /* of its number of sectors */
	struct block *blocks; /* ascending; none of them is all zero */
	size_t count;
};
/* NULL, or what is wrong with it. */
const char *parse_manifest(struct manifest *manifest, const char *text, size_t length);

/* fetch.c */
struct fetcher {
	const struct options *options;
	int address; /* the one of the addresses that is asked */
};
/*
 * Asks for files by their names below the address, all over one connection, each into `work/<last part of its name>`.
 * Some of them may be missing afterwards, or wrong: the caller looks. Returns why, for people.
 */
const char *fetch(struct fetcher *fetcher, const char *const *names, int count, uint64_t most_bytes);
const char *fetcher_address(const struct fetcher *fetcher);
void fetched_path(const struct options *options, const char *name, char *path, size_t size);
/* Asks the next address from now on, after a pause that grows with the number of failures in a row. */
void fetch_pause(struct fetcher *fetcher, int failures);

/* unpack.c */
/* The whole content of a small file, with a zero behind it; NULL where it cannot be read. */
char *read_file(const char *path, size_t *length);
/* Decompresses a gzip file to exactly `bytes` bytes; NULL, or what is wrong. */
const char *unpack(const char *path, uint8_t *into, uint32_t bytes);
void sha256_of(const void *bytes, size_t length, uint8_t digest[SHA256_SIZE]);
bool sha256_from_hex(const char *hex, uint8_t digest[SHA256_SIZE]);
bool is_zero(const uint8_t *bytes, size_t length);

/* disk.c */
struct disk {
	char path[300];
	int file;
	int direct; /* past the page cache */
	uint64_t bytes;
};
void find_disk(struct disk *disk, const struct options *options, uint64_t image_bytes);
bool disk_read(const struct disk *disk, uint64_t offset, uint8_t *into, uint32_t length);
bool disk_write(const struct disk *disk, uint64_t offset, const uint8_t *bytes, uint32_t length);
bool disk_flush(const struct disk *disk);
/* Makes a range read as zeros, by the cheapest way that the disk has. */
bool disk_zero(const struct disk *disk, uint64_t from, uint64_t to);

/* patches.c: the few bytes that are the host's own. None of them reaches into a second block. */
#define MOST_PATCHES 3
#define PATCH_BYTES MOST_NETWORK
struct patch {
	uint64_t offset;
	uint32_t length;
	uint8_t built[PATCH_BYTES]; /* as the blocks have them */
	uint8_t own[PATCH_BYTES];   /* as they are written */
};
struct patches {
	struct patch all[MOST_PATCHES];
	int count;
};
/* Stops where something cannot be what it must be. */
void choose_patches(struct patches *patches, const struct options *options, const struct manifest *manifest,
		    uint64_t disk_bytes);
/* Puts the host's own bytes into a block. */
void patch_block(const struct patches *patches, const struct block *block, uint8_t *content);
/* Whether a block has the host's own bytes, or those that were built; puts the latter back, as the digest is theirs. */
bool unpatch_block(const struct patches *patches, const struct block *block, uint8_t *content, bool own);

/* image.c: brings the disk to what the manifest says. */
struct image {
	const struct options *options;
	struct manifest manifest;
	struct fetcher fetcher;
	struct disk disk;
	struct patches patches;
	uint8_t *buffer; /* of a block, aligned for reading past the page cache */
	uint8_t *first;  /* the disk's first block, kept from the begin to the end */
};
void get_first_block(struct image *image);
void look_at_disk(struct image *image);
void make_zeros(struct image *image);
void write_blocks(struct image *image);
/* Reads everything but the first block back; the number of blocks that are wrong, which are then written anew. */
size_t verify_disk(struct image *image);
void write_first_block(struct image *image);

/* report.c: what people see, on the consoles and on the page. */
void report_to(const char *folder);
void stage(const char *name);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line now and then; the page always. Speed is told where bytes are. */
void progress(uint64_t done, uint64_t total, uint64_t bytes);
void waits_for(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Ends the writer before it has written anything. */
_Noreturn void stop(const char *advice, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
