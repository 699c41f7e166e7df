# A logical volume with all of the system.
make_host() {
	printf 'label: dos\nlabel-id: 0xcafe0001\nsize=1GiB,type=8e\n' | /usr/sbin/sfdisk -q "$disk" || return
	/usr/sbin/lvm pvcreate -q "${disk}1" && /usr/sbin/lvm vgcreate -q host "${disk}1" &&
		/usr/sbin/lvm lvcreate -q -n root -l 100%FREE host && format /dev/host/root
}

mount_host() {
	/usr/sbin/lvm vgchange -q -a y host >/dev/null 2>&1 && mount -o noatime /dev/host/root /host
}
