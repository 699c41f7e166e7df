# All looks at the machine. None of them changes anything.

look_at_machine() {
	[ "$(id -u)" = 0 ] || problem "only root can replace the system" "become root: sudo sh install.sh …"
	[ "$(uname -m)" = x86_64 ] || problem "the processor is $(uname -m), the image is for x86_64" "take another machine"
	# The kernel keeps some of the memory for itself.
	memory=$(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024))
	needed=$((MEMORY_MIB + 2 * carried_kib / 1024))
	[ $((memory + MEMORY_MIB / 4)) -ge $needed ] ||
		problem "$memory MiB of memory are not enough: $needed are needed" \
			"take a larger machine$([ -z "$folder" ] || say ', or publish the folder and give --url: then it is not carried in memory')"
	look_at_virtualisation
	look_at_firmware
	look_at_boot_room
}

look_at_virtualisation() {
	if [ -e /run/systemd/container ] || [ -e /.dockerenv ] || [ -e /proc/vz ] || grep -qsa container= /proc/1/environ; then
		problem "this is a container: it has neither a kernel nor a disk of its own" "run the script on the machine itself"
	fi
	machine=$(cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name 2>/dev/null | tr '\n' ' ' | sed 's/ $//')
	[ -n "$machine" ] || machine='of an unknown maker'
}

look_at_firmware() {
	firmware=bios
	[ ! -d /sys/firmware/efi ] || firmware=efi
	case " $BOOT " in
	*" $firmware "*) ;;
	*) problem "this machine starts by $firmware, the image only by ${BOOT:-nothing}" "change the firmware in the provider's panel, or build the image for $firmware" ;;
	esac
	for file in /sys/firmware/efi/efivars/SecureBoot-*; do
		[ -r "$file" ] && [ "$(od -An -tu1 -j 4 -N 1 "$file" | tr -d ' ')" = 1 ] &&
			problem "Secure Boot is on: neither the installer nor the image is signed" "switch it off in the provider's panel"
	done
}

look_at_boot_room() {
	[ -z "$use_kexec" ] || return 0
	room=$(df -Pk /boot 2>/dev/null | awk 'NR == 2 { print $4 }')
	needed=$(((KERNEL_BYTES + INITRD_BYTES) / 1024 + carried_kib + 1024))
	[ "${room:-0}" -ge $needed ] ||
		problem "/boot has $((${room:-0} / 1024)) MiB left: $((needed / 1024 + 1)) are needed" "remove an old kernel, or use --kexec"
}

plan() {
	say "This machine, $machine, becomes the NAS."
	say
	row disk "$disk, $(human "$disk_bytes"), table ${table_id:-without an id}, serial ${serial:-none}: everything on it will be lost"
	for other in $(all_disks); do
		[ "$other" = "$disk_name" ] || row 'not touched' "/dev/$other, $(human "$(bytes_of "$other")")"
	done
	if [ -n "$folder" ]; then
		fetched="come from $folder"
	else
		fetched="are fetched (measured: $speed kB/s)"
	fi
	row image "$(human "$IMAGE_BYTES"): $((PACKED_BYTES / 1000000 + 1)) MB $fetched, all else becomes zero"
	[ "$GROWS" = '' ] || [ "$disk_bytes" -le "$IMAGE_BYTES" ] ||
		row data "partition $GROWS is made larger, up to the end of the disk"
	row network "$card: $(say "$net_word" | sed 's/^[^,]*,//; s/,/, /g')"
	row afterwards "$([ -n "$keep_net" ] && say 'the NAS has the same addresses' || say 'the NAS asks for an address by DHCP')"
	row MAC "$mac$([ "$mac" = "$card_mac" ] || say ", which is not that of $card ($card_mac)")"
	row starts "$([ -n "$use_kexec" ] && say 'at once, by kexec' || say "by an entry of $loader that is valid once"), with $firmware"
	[ -z "$hold" ] || row holds "with a shell on the console: before the first write or at the end ($hold)"
	row watch "http://${address%/*}/ during the installation, http://${address%/*}:5000/ afterwards"
	say
}
