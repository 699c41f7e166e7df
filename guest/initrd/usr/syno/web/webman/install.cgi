#!/bin/sh
# POST: takes a .pat (multipart, field "filename", exact Content-Length), checks it, and starts the installation.
. /usr/syno/lib/errors.sh
. /usr/syno/lib/disks.sh

PAT=/tmp/upload.pat

answer() { # JSON
	printf 'Content-Type: application/json\r\nCache-Control: no-store\r\n\r\n%s\n' "$1"
}

refuse() { # NAME REASON
	report_error "$1" "$2" | /usr/syno/bin/on-consoles cat >/dev/console
	rm -rf "$PAT" /run/install/lock
	answer "$(error_json "$1")"
	exit
}

# Bytes of the body are counted: what is not the file's is the part's head and the closing boundary.
receive() {
	local boundary line size head=0 named=no
	boundary=$(printf %s "$CONTENT_TYPE" | sed -n 's/^multipart\/form-data;.*boundary="\{0,1\}\([^";]*\).*/\1/p')
	[ -n "$boundary" ] || return
	while IFS= read -r line; do
		head=$((head + ${#line} + 1))
		line=${line%$'\r'}
		[ -n "$line" ] || break
		case $line in
		"--$boundary") ;;
		[Cc]ontent-[Dd]isposition:*name=\"filename\"*) named=yes ;;
		[Cc]ontent-*:*) ;;
		*) return 1 ;;
		esac
	done
	size=$((CONTENT_LENGTH - head - ${#boundary} - 8))
	[ "$named" = yes ] && [ "$size" -gt 0 ] || return
	cat >"$PAT"
	[ "$(dd if="$PAT" bs=1 skip="$size" 2>/dev/null | tr -d '\r\n')" = "--$boundary--" ] && truncate -s "$size" "$PAT"
}

# The body is read to its end before any answer: a client that is still sending does not listen.
case "$REQUEST_METHOD&$QUERY_STRING&" in
'POST&'*'upload=true&'*) ;;
*) cat >/dev/null && answer "$(error_json error_request)" && exit ;;
esac
mkdir /run/install/lock 2>/dev/null || { cat >/dev/null && answer "$(error_json error_busy)" && exit; }
[ -n "$CONTENT_LENGTH" ] || refuse error_upload "the upload has no Content-Length"
receive || { cat >/dev/null && refuse error_upload "the upload is no multipart form with the field 'filename', or is cut short"; }

target=$(target_disk)
[ -n "$target" ] || refuse error_no_disk "there is no disk besides the loader's"
[ "$(driver_of "$target")" = sd ] || refuse error_format "format failed: $target is no SCSI or IDE disk"
[ "$(disk_sectors "$target")" -ge $((P3_START + 131072)) ] || refuse error_format "format failed: $target is too small"
reason=$(/usr/syno/bin/check-pat "$PAT" 2>&1)
case $? in
0) ;;
3) refuse error_model "$reason" ;;
*) refuse error_corrupt "$reason" ;;
esac
setsid /usr/syno/bin/on-consoles /usr/syno/bin/install "$PAT" "$target" </dev/null >/dev/console 2>&1 &
answer '{"success":true}'
