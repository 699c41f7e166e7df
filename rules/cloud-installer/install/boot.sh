# Into the installer: an entry of GRUB that is valid for one start, or kexec. And back.

ENTRY=dsmb-install
FOLDER=/boot/$ENTRY
BEGIN="# dsmb-install: begin (sh install.sh --undo removes this)"
END='# dsmb-install: end'

# GRUB writes its environment itself when it takes the entry, which it cannot on LVM, RAID, btrfs and others.
find_loader() {
	loader=kexec
	if [ -n "$use_kexec" ]; then
		has kexec || problem "there is no kexec" "install it (apt-get install kexec-tools), or leave --kexec out"
		return
	fi
	for grub in /boot/grub /boot/grub2; do
		[ ! -f $grub/grub.cfg ] || break
	done
	loader="GRUB ($grub)"
	for editenv in grub-editenv grub2-editenv ''; do
		[ -z "$editenv" ] || ! has $editenv || break
	done
	if [ ! -f $grub/grub.cfg ] || [ -z "$editenv" ]; then
		problem "there is no GRUB that this script knows" "use --kexec"
	elif ! grep -q 'custom\.cfg' $grub/grub.cfg || ! grep -q next_entry $grub/grub.cfg; then
		problem "$grub/grub.cfg takes no entry for one start" "use --kexec"
	elif ! can_grub_write; then
		problem "GRUB cannot write to /boot here, so that an entry would be valid for ever" "use --kexec"
	fi
}

can_grub_write() {
	device=$(device_of /boot)
	[ -n "$device" ] || device=$(device_of /)
	[ -n "$device" ] && [ -z "$(ls "/sys/class/block/$device/slaves" 2>/dev/null)" ] || return
	case $(awk '$5 == "/boot" || $5 == "/" { for (i = 7; $i != "-"; i++); type[$5] = $(i + 1) } END { print "/boot" in type ? type["/boot"] : type["/"] }' /proc/self/mountinfo) in
	ext2 | ext3 | ext4 | vfat) ;;
	*) return 1 ;;
	esac
}

# The words for the installer's kernel. Its messages go where those of this system go.
command_line() {
	[ -z "$folder" ] || urls=file:///dsmb
	for url in $urls; do printf 'dsmb.url=%s ' "$url"; done
	printf '%s ' "dsmb.manifest=$MANIFEST" "dsmb.disk=$disk_word" "dsmb.size=$disk_bytes" "dsmb.net=$net_word" "dsmb.mac=$mac"
	[ -z "$keep_net" ] || printf '%s ' dsmb.keep-net
	[ -z "$hold" ] || printf '%s ' "dsmb.hold=$hold"
	consoles=$(tr ' ' '\n' </proc/cmdline | grep '^console=' | tr '\n' ' ')
	printf '%s' "dsmb.return=900 panic=60 quiet ${consoles:-console=ttyS0,115200 console=tty0}"
}

fetch_installer() {
	mkdir -p $FOLDER
	for file in "$KERNEL" "$INITRD"; do
		fetch_verified "$file" "${file#*-}" "$FOLDER/$file" && continue
		undo_all >/dev/null
		abort "$file does not come as it should; nothing was changed" "publish the folder again"
	done
	[ -z "$folder" ] || pack_folder >>"$FOLDER/$INITRD" ||
		{ undo_all >/dev/null && abort "$folder cannot be packed; nothing was changed" "is there room in $FOLDER?"; }
}

# The file is searched for by its name, which no other has: devices and ids may be called otherwise in GRUB. Where it cannot be
# loaded, GRUB would wait in its menu for somebody; a restart brings the old system, as the entry is used up.
write_entry() {
	remove_entry
	below=$FOLDER
	[ -z "$(device_of /boot)" ] || below=/$ENTRY
	{
		say "$BEGIN"
		say "menuentry 'dsmb: install the NAS' --id $ENTRY {"
		say "	search --no-floppy --file --set=root $below/$KERNEL"
		say "	if linux $below/$KERNEL$(for word in $(command_line); do printf " '%s'" "$word"; done); then"
		say "		if initrd $below/$INITRD; then true; else reboot; fi"
		say '	else'
		say '		reboot'
		say '	fi'
		say '}'
		say "$END"
	} >>$grub/custom.cfg
	$editenv $grub/grubenv set next_entry=$ENTRY && sync
}

remove_entry() {
	[ -f $grub/custom.cfg ] || return 0
	sed "/^$BEGIN\$/,/^$END\$/d" $grub/custom.cfg >$grub/custom.cfg.new
	cat $grub/custom.cfg.new >$grub/custom.cfg
	rm $grub/custom.cfg.new
	[ -s $grub/custom.cfg ] || rm $grub/custom.cfg
}

undo_all() {
	remove_entry
	[ -z "$editenv" ] || [ ! -f $grub/grubenv ] || $editenv $grub/grubenv unset next_entry
	rm -rf $FOLDER
	say "What was prepared is removed: the next start is that of this system."
}

start() {
	# Kexec needs nothing on the disk.
	[ -z "$use_kexec" ] || FOLDER=$work
	fetch_installer
	if [ -n "$use_kexec" ]; then
		kexec -l "$FOLDER/$KERNEL" --initrd="$FOLDER/$INITRD" --command-line="$(command_line)" ||
			{ undo_all && abort "kexec did not take the installer" "leave --kexec out"; }
		say "Starting the installer."
		sync
		kexec -e
	fi
	write_entry || { undo_all && abort "GRUB's environment could not be written" "use --kexec"; }
	say "Restarting into the installer. If it does not start, the start after it is that of this system."
	sync
	reboot || systemctl reboot
}
