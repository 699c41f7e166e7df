# Btrfs, whose mounts have no device number of their own.
make_host() {
	printf 'label: dos\nlabel-id: 0xcafe0001\nsize=1GiB,type=83\n' | /usr/sbin/sfdisk -q "$disk" &&
		/usr/sbin/mkfs.btrfs -q -f "${disk}1"
}

mount_host() {
	mount -t btrfs -o noatime "${disk}1" /host 2>/dev/null
}
