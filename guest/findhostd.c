/* Answers the discovery broadcasts that search tools send to UDP port 9999. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Every packet begins with this; records follow: type (1 byte), length (1 byte), value. */
static const unsigned char magic[8] = {0x12, 0x34, 0x56, 0x78, 'S', 'Y', 'N', 'O'};

enum { NAME = 0x11, ADDRESS = 0x12, NETMASK = 0x13, MAC = 0x19, BUILD = 0x49, VERSION = 0x77, MODEL = 0x78, SERIAL = 0xc0 };

static size_t record(unsigned char *to, int type, const void *value, size_t length) {
	to[0] = type;
	to[1] = length;
	memcpy(to + 2, value, length);
	return length + 2;
}

static size_t text(unsigned char *to, int type, const char *value) {
	return record(to, type, value, strnlen(value, 64));
}

static size_t address(unsigned char *to, int type, const char *value) {
	struct in_addr parsed = {0};
	inet_aton(value, &parsed);
	return record(to, type, &parsed, 4);
}

static size_t number(unsigned char *to, int type, const char *value) {
	unsigned int parsed = 0;
	sscanf(value, "%u", &parsed);
	const unsigned char bytes[4] = {parsed, parsed >> 8, parsed >> 16, parsed >> 24};
	return record(to, type, bytes, 4);
}

/* Arguments: name, IPv4 address, netmask, MAC, build, version, model, serial number. */
int main(int count, char **argument) {
	if (count != 9) return fputs("usage: findhostd NAME ADDRESS NETMASK MAC BUILD VERSION MODEL SERIAL\n", stderr), 2;

	unsigned char answer[1024];
	size_t size = sizeof magic;
	memcpy(answer, magic, size);
	size += text(answer + size, NAME, argument[1]);
	size += address(answer + size, ADDRESS, argument[2]);
	size += address(answer + size, NETMASK, argument[3]);
	size += text(answer + size, MAC, argument[4]);
	size += number(answer + size, BUILD, argument[5]);
	size += text(answer + size, VERSION, argument[6]);
	size += text(answer + size, MODEL, argument[7]);
	size += text(answer + size, SERIAL, argument[8]);

	const int port = socket(AF_INET, SOCK_DGRAM, 0);
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(9999)};
	if (port < 0 || bind(port, (const struct sockaddr *)&any, sizeof any) < 0) return perror("findhostd"), 1;

	for (;;) {
		unsigned char question[1024];
		struct sockaddr_in from;
		socklen_t length = sizeof from;
		const ssize_t got = recvfrom(port, question, sizeof question, 0, (struct sockaddr *)&from, &length);
		if (got < (ssize_t)sizeof magic || memcmp(question, magic, sizeof magic) != 0) continue;
		sendto(port, answer, size, 0, (const struct sockaddr *)&from, length);
	}
}
