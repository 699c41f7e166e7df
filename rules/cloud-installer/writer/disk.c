/* The disk to be written: found by what it is, and never because it is the first one. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "writer.h"

#define SECTOR 512
#define SECONDS_TO_APPEAR 30

static uint64_t size_of(int file)
{
	struct stat status;
	uint64_t bytes = 0;
	if (fstat(file, &status) == 0 && S_ISREG(status.st_mode))
		return status.st_size;
	return ioctl(file, BLKGETSIZE64, &bytes) == 0 ? bytes : 0;
}

static uint32_t u32(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* The id of a DOS table as eight hex digits, of a GPT as its GUID; as blkid and sfdisk print them. */
static void table_id(int file, char *id, size_t size)
{
	uint8_t sectors[2 * SECTOR];
	*id = 0;
	if (pread(file, sectors, sizeof sectors, 0) != sizeof sectors || sectors[510] != 0x55 || sectors[511] != 0xaa)
		return;
	const uint8_t *guid = sectors + SECTOR + 56;
	if (memcmp(sectors + SECTOR, "EFI PART", 8) != 0)
		snprintf(id, size, "%08x", u32(sectors + 440));
	else
		snprintf(id, size, "%08x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u32(guid), guid[5], guid[4],
			 guid[7], guid[6], guid[8], guid[9], guid[10], guid[11], guid[12], guid[13], guid[14], guid[15]);
}

/* virtio and NVMe tell it in a file, SCSI behind a header of four bytes. */
static void serial_of(const char *name, char *serial, size_t size)
{
	const char *const files[] = {"serial", "device/serial", "device/vpd_pg80"};
	*serial = 0;
	for (int number = 0; number < 3 && !*serial; number++) {
		char path[400];
		size_t length = 0;
		snprintf(path, sizeof path, "/sys/block/%s/%s", name, files[number]);
		char *text = read_file(path, &length);
		size_t from = number == 2 && length > 4 ? 4 : 0;
		while (text && text[from] == ' ')
			from++;
		snprintf(serial, size, "%.*s", (int)strcspn(text ? text + from : "", " \n"), text ? text + from : "");
		free(text);
	}
}

static bool is_meant(const char *name, const struct options *options)
{
	char path[300], id[40], serial[100];
	snprintf(path, sizeof path, "/dev/%s", name);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	uint64_t bytes = size_of(file);
	table_id(file, id, sizeof id);
	close(file);
	serial_of(name, serial, sizeof serial);
	bool named = strcasecmp(id, options->disk) == 0 || (*serial && strcmp(serial, options->disk) == 0);
	return named && bytes > 0 && (options->disk_bytes == 0 || options->disk_bytes == bytes);
}

/* How many disks are meant; the path of the last one. */
static int search(struct disk *disk, const struct options *options)
{
	int count = 0;
	DIR *disks = opendir("/sys/block");
	for (struct dirent *entry; disks && (entry = readdir(disks));)
		if (*entry->d_name != '.' && is_meant(entry->d_name, options)) {
			snprintf(disk->path, sizeof disk->path, "/dev/%s", entry->d_name);
			count++;
		}
	if (disks)
		closedir(disks);
	return count;
}

static void search_patiently(struct disk *disk, const struct options *options)
{
	int count = 0;
	for (int second = 0; second < SECONDS_TO_APPEAR && count == 0; second++) {
		if (second > 0)
			sleep(1);
		count = search(disk, options);
		if (second == 0 && count == 0)
			waits_for("a disk %s", options->disk);
	}
	if (count == 0)
		stop("compare dsmb.disk= and dsmb.size= with the disks of this machine (ls /sys/block)",
		     "no disk has the table id or serial number %s%s", options->disk,
		     options->disk_bytes ? " and the size that was told" : "");
	if (count > 1)
		stop("name the disk by its serial number or its path in dsmb.disk=", "%d disks have %s", count, options->disk);
}

void find_disk(struct disk *disk, const struct options *options, uint64_t image_bytes)
{
	if (*options->disk == '/')
		snprintf(disk->path, sizeof disk->path, "%s", options->disk);
	else
		search_patiently(disk, options);
	disk->file = open(disk->path, O_RDWR | O_CLOEXEC);
	if (disk->file < 0)
		stop("correct dsmb.disk=", "%s cannot be opened: %s", disk->path, strerror(errno));
	disk->direct = open(disk->path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (disk->direct < 0)
		disk->direct = disk->file;
	disk->bytes = size_of(disk->file);
	if (options->disk_bytes && disk->bytes != options->disk_bytes)
		stop("correct dsmb.disk= or dsmb.size=", "%s has %llu bytes and not %llu", disk->path,
		     (unsigned long long)disk->bytes, (unsigned long long)options->disk_bytes);
	if (disk->bytes < image_bytes)
		stop("take a larger disk, or build a smaller image", "%s has %llu bytes, the image %llu", disk->path,
		     (unsigned long long)disk->bytes, (unsigned long long)image_bytes);
}

/* Only whole pages can go past the page cache; for the rest, what it holds is dropped. */
static int channel(const struct disk *disk, uint64_t offset, uint32_t length)
{
	if (disk->direct != disk->file && length % 4096 == 0)
		return disk->direct;
	posix_fadvise(disk->file, offset, length, POSIX_FADV_DONTNEED);
	return disk->file;
}

bool disk_read(const struct disk *disk, uint64_t offset, uint8_t *into, uint32_t length)
{
	return pread(channel(disk, offset, length), into, length, offset) == (ssize_t)length;
}

bool disk_write(const struct disk *disk, uint64_t offset, const uint8_t *bytes, uint32_t length)
{
	return pwrite(channel(disk, offset, length), bytes, length, offset) == (ssize_t)length;
}

bool disk_flush(const struct disk *disk)
{
	return fsync(disk->file) == 0;
}

static bool write_zeros(const struct disk *disk, uint64_t from, uint64_t to)
{
	static _Alignas(4096) uint8_t zeros[BLOCK], found[BLOCK];
	for (uint64_t length; from < to; from += length) {
		length = to - from < BLOCK ? to - from : BLOCK;
		bool right = disk_read(disk, from, found, length) && is_zero(found, length);
		if (!right && !disk_write(disk, from, zeros, length))
			return false;
	}
	return true;
}

bool disk_zero(const struct disk *disk, uint64_t from, uint64_t to)
{
	static bool can_punch = true, can_zero_out = true;
	uint64_t range[2] = {from, to - from};
	if (can_punch && fallocate(disk->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, to - from) == 0)
		return true;
	can_punch = false;
	if (can_zero_out && ioctl(disk->file, BLKZEROOUT, range) == 0)
		return true;
	can_zero_out = false;
	return write_zeros(disk, from, to);
}
