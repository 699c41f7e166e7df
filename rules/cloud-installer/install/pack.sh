# The folder as a second archive of the initrd (cpio, newc): the installer then needs no server, and no host has cpio.

zeros() { # BYTES
	[ "$1" = 0 ] || head -c "$1" /dev/zero
}

# A header of 13 numbers, the name, the content; both are padded to 4 bytes.
pack_entry() { # NAME MODE [FILE]
	size=0
	[ $# -lt 3 ] || size=$(($(wc -c <"$3")))
	printf '070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x' \
		0 "$2" 0 0 1 0 $size 0 0 0 0 $((${#1} + 1)) 0
	printf '%s\000' "$1"
	zeros $(((4 - (111 + ${#1}) % 4) % 4))
	[ $# -lt 3 ] || cat "$3" || return
	zeros $(((4 - size % 4) % 4))
}

pack_folder() {
	zeros $(((4 - INITRD_BYTES % 4) % 4))
	pack_entry dsmb 0x41ed
	pack_entry dsmb/blocks 0x41ed
	pack_entry "dsmb/manifest-$MANIFEST.json" 0x81a4 "$work/manifest.json" || return
	for block in $SAMPLES; do
		pack_entry "dsmb/blocks/$block.gz" 0x81a4 "$folder/blocks/$block.gz" || return
	done
	pack_entry 'TRAILER!!!' 0
}
