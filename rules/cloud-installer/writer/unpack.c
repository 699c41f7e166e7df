/* Files in memory: reading, decompressing, digests. */
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "writer.h"

#define GZIP (15 + 16) /* inflateInit2: largest window, gzip's header */

char *read_file(const char *path, size_t *length)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *text = NULL;
	if (file >= 0 && fstat(file, &status) == 0 && (text = malloc(status.st_size + 1))) {
		ssize_t count = 0;
		for (*length = 0; (count = read(file, text + *length, status.st_size - *length)) > 0;)
			*length += count;
		text[*length] = 0;
	}
	if (file >= 0)
		close(file);
	return text;
}

const char *unpack(const char *path, uint8_t *into, uint32_t bytes)
{
	size_t length;
	char *packed = read_file(path, &length);
	if (!packed)
		return "it is missing";
	z_stream stream = {.next_in = (Bytef *)packed, .avail_in = length, .next_out = into, .avail_out = bytes};
	int result = inflateInit2(&stream, GZIP);
	if (result == Z_OK) {
		result = inflate(&stream, Z_FINISH);
		inflateEnd(&stream);
	}
	free(packed);
	if (result == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0)
		return NULL;
	return result == Z_BUF_ERROR && stream.avail_in == 0 ? "it is cut off" : "it is no such block";
}

void sha256_of(const void *bytes, size_t length, uint8_t digest[SHA256_SIZE])
{
	struct sha256_ctx context;
	sha256_init(&context);
	sha256_update(&context, length, bytes);
	sha256_digest(&context, SHA256_SIZE, digest);
}

static int nibble(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool sha256_from_hex(const char *hex, uint8_t digest[SHA256_SIZE])
{
	for (int at = 0; at < SHA256_SIZE; at++) {
		int high = nibble(hex[2 * at]);
		int low = high < 0 ? -1 : nibble(hex[2 * at + 1]);
		if (low < 0)
			return false;
		digest[at] = high << 4 | low;
	}
	return hex[SHA256_HEX] == 0;
}

bool is_zero(const uint8_t *bytes, size_t length)
{
	const uint64_t *words = (const uint64_t *)bytes;
	size_t count = length / sizeof *words, at = 0;
	/* Eight at a time, and no vectors: emulated processors are slow with these. */
	for (; at + 8 <= count; at += 8) {
		uint64_t any = words[at] | words[at + 1] | words[at + 2] | words[at + 3];
		any |= words[at + 4] | words[at + 5] | words[at + 6] | words[at + 7];
		if (any)
			return false;
	}
	for (at *= sizeof *words; at < length; at++)
		if (bytes[at])
			return false;
	return true;
}
