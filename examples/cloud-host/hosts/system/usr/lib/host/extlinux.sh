# The loader of small systems, which knows no entry for one start.
make_host() {
	printf 'label: dos\nlabel-id: 0xcafe0001\nsize=1GiB,type=83,bootable\n' | /usr/sbin/sfdisk -q "$disk" &&
		format -O ^64bit,^metadata_csum "${disk}1"
}

mount_host() {
	mount -t ext4 -o noatime "${disk}1" /host 2>/dev/null
}

add_loader() {
	rm -r /host/boot/grub
	mkdir /host/boot/extlinux
	cat >/host/boot/extlinux/extlinux.conf <<-END
		SERIAL 0 115200
		DEFAULT linux
		LABEL linux
		  LINUX /boot/vmlinuz
		  INITRD /boot/initrd.img
		  APPEND console=ttyS0,115200 quiet $(echo $words)
	END
	/usr/bin/extlinux --install /host/boot/extlinux && dd if=/usr/share/host/mbr.bin of="$disk" conv=notrunc 2>/dev/null
}
