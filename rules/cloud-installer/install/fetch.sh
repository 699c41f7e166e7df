# Fetching with what there is. What comes is compared with its digest, so certificates need not be believed.

has() { command -v "$1" >/dev/null 2>&1; }

find_fetcher() {
	# The wget of busybox has no time limit of its own.
	limited=
	[ -z "$folder" ] || { fetcher=cp && return; }
	has timeout && limited='timeout 300'
	for fetcher in curl wget busybox; do
		case $fetcher in
		# That of busybox has the same name on many systems, and some of them crash when they are told a time limit.
		wget) wget --version 2>/dev/null | grep -q '^GNU Wget' && return ;;
		busybox) has busybox && busybox --list 2>/dev/null | grep -qx wget && return ;;
		*) has $fetcher && return ;;
		esac
	done
	fetcher=
	problem "there is neither curl nor wget" "install one of them, for example: apt-get install curl"
}

fetch() { # URL FILE
	case $fetcher in
	cp) cp "${1#file://}" "$2" ;;
	curl) curl -fsSL --insecure --connect-timeout 10 --speed-limit 64 --speed-time 30 -o "$2" "$1" ;;
	wget) wget -q -T 30 -t 2 --no-check-certificate -O "$2" "$1" ;;
	busybox) $limited busybox wget -q --no-check-certificate -O "$2" "$1" ;;
	*) false ;;
	esac
}

sha256_of() { # FILE
	if has sha256sum; then sha256sum "$1"; else busybox sha256sum "$1"; fi | cut -c 1-64
}

# From the first address that has the right content.
fetch_verified() { # NAME SHA256 FILE
	for url in $urls; do
		reason='the content is another one'
		fetch "${url%/}/$1" "$3" 2>"$work/messages" || reason=$(tail -n 1 "$work/messages")
		[ -f "$3" ] && [ "$(sha256_of "$3")" = "$2" ] && return
	done
	rm -f "$3"
	return 1
}

hundredths() { cut -d ' ' -f 1 /proc/uptime | tr -d .; }

look_at_server() {
	[ -n "$urls" ] || { problem "it is not told where the image is" "add --url URL: the address of the folder that has this script, or --folder DIR" && return; }
	find_fetcher
	[ -n "$fetcher" ] || return
	if ! fetch_verified "manifest-$MANIFEST.json" "$MANIFEST" "$work/manifest.json"; then
		problem "no manifest with the SHA-256 of this script comes from$(printf ' %s' $urls) ($reason)" "open ${urls##* }/manifest-$MANIFEST.json: is the folder published, and by the same build as this script?"
		return
	fi
	# What is not in the folder comes from nowhere, once the installer runs.
	[ -z "$folder" ] || SAMPLES=$(sed -n 's/^{"index":[0-9]*,"sha256":"\([0-9a-f]*\)".*/\1/p' "$work/manifest.json" | sort -u)
	from=$(hundredths)
	bytes=0
	for sample in $SAMPLES; do
		if ! fetch_sample "$sample"; then
			problem "the block $sample does not come as it should" "publish the folder again, blocks and all"
			return
		fi
		bytes=$((bytes + $(wc -c <"$work/block.gz")))
	done
	took=$(($(hundredths) - from))
	speed=$((bytes * 100 / (took > 0 ? took : 1) / 1000))
}

fetch_sample() { # SHA256
	for url in $urls; do
		fetch "${url%/}/blocks/$1.gz" "$work/block.gz" 2>/dev/null &&
			gzip -dc <"$work/block.gz" >"$work/block" 2>/dev/null && [ "$(sha256_of "$work/block")" = "$1" ] && return
	done
	return 1
}
