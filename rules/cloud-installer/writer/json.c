/* A cursor in a JSON text (RFC 8259): enough to read a manifest, with strings of printable ASCII without escapes. */
#include <string.h>

#include "writer.h"

static bool fail(struct json *json)
{
	json->bad = true;
	json->at = json->end;
	return false;
}

static bool next_is(struct json *json, char wanted)
{
	while (json->at < json->end && strchr(" \t\r\n", *json->at))
		json->at++;
	return json->at < json->end && *json->at == wanted;
}

static bool take(struct json *json, char wanted)
{
	if (!next_is(json, wanted))
		return false;
	json->at++;
	return true;
}

bool json_open(struct json *json, char bracket)
{
	return take(json, bracket) || fail(json);
}

bool json_item(struct json *json)
{
	if (take(json, ']'))
		return false;
	take(json, ',');
	return json->at < json->end || fail(json);
}

bool json_member(struct json *json, char *key, size_t size)
{
	if (take(json, '}'))
		return false;
	take(json, ',');
	return json_string(json, key, size) && (take(json, ':') || fail(json));
}

bool json_string(struct json *json, char *into, size_t size)
{
	if (!take(json, '"'))
		return fail(json);
	size_t length = 0;
	for (; json->at < json->end && *json->at != '"'; json->at++) {
		if (*json->at == '\\' || (unsigned char)*json->at < ' ')
			return fail(json);
		if (length + 1 < size)
			into[length] = *json->at;
		length++;
	}
	if (length >= size || !take(json, '"'))
		return fail(json);
	into[length] = 0;
	return true;
}

bool json_number(struct json *json, uint64_t *value)
{
	next_is(json, 0);
	const char *start = json->at;
	for (*value = 0; json->at < json->end && *json->at >= '0' && *json->at <= '9'; json->at++) {
		uint64_t digit = *json->at - '0';
		if (*value > (UINT64_MAX - digit) / 10)
			return fail(json);
		*value = *value * 10 + digit;
	}
	return json->at > start || fail(json);
}

void json_skip(struct json *json)
{
	int depth = 0;
	do {
		if (next_is(json, '"')) {
			for (json->at++; json->at < json->end && *json->at != '"';)
				json->at++;
			if (!take(json, '"'))
				fail(json);
		} else if (take(json, '{') || take(json, '[')) {
			depth++;
		} else if (take(json, '}') || take(json, ']')) {
			depth--;
		} else if (json->at < json->end && (strchr(",:", *json->at))) {
			json->at++;
		} else {
			const char *start = json->at;
			while (json->at < json->end && !strchr(" \t\r\n,:\"{}[]", *json->at))
				json->at++;
			if (json->at == start)
				fail(json);
		}
	} while (depth > 0 && !json->bad);
}
