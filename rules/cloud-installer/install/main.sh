# In memory where it can be: a look leaves no trace on the disk.
make_work_folder() {
	for place in /run /dev/shm "${TMPDIR:-/tmp}"; do
		work=$(mktemp -d "$place/dsmb-install.XXXXXX" 2>/dev/null) && return
	done
	abort "there is no place for temporary files" "make /tmp writable"
}

main() {
	parse_words "$@"
	address= speed=0 grub=/boot/grub editenv=
	make_work_folder
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM
	carried_kib=$([ -z "$folder" ] && say 0 || say $((PACKED_BYTES / 1024 + 1024)))
	find_loader
	if [ -n "$undo" ]; then
		undo_all
		exit
	fi
	look_at_machine
	choose_disk
	choose_network
	look_at_server
	if [ -n "$problems" ]; then
		say "This machine cannot become the NAS as it is:$problems"
		say
		say "Nothing was changed."
		exit 1
	fi
	plan
	[ -z "$dry_run" ] || { say "Nothing was changed (--dry-run)." && exit 0; }
	confirm
	start
}

# The last line: of a script that comes cut off, nothing runs.
main "$@"
