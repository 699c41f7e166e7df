# A GPT with a partition for the firmware, in whose settings the system has an entry of its own.
make_host() {
	printf 'label: gpt\nsize=64MiB,type=U\nsize=1GiB,type=L\n' | /usr/sbin/sfdisk -q "$disk" &&
		/usr/sbin/mkfs.fat "${disk}1" >/dev/null && format "${disk}2"
}

mount_host() {
	mount -t ext4 -o noatime "${disk}2" /host 2>/dev/null || return
	mkdir -p /host/boot/efi
	mount -t vfat "${disk}1" /host/boot/efi
}

add_loader() {
	mkdir -p /host/boot/efi/EFI/debian
	cp /usr/share/host/grubx64.efi /host/boot/efi/EFI/debian
	/usr/bin/efibootmgr -q -c -d "$disk" -p 1 -L debian -l '\EFI\debian\grubx64.efi'
}
