# Disks, partition tables and drivers, as the initrd sees them. Sectors have 512 bytes.

P1_START=2048
P1_SECTORS=4980480
P2_START=4982528
P2_SECTORS=4194304
P3_START=9437184

# Device nodes and folders that mdadm expects.
PrepareNodes() {
	local minor
	mkdir -p /run/mdadm /var/log /tmp
	for minor in 0 1 2; do
		[ -e "/dev/md$minor" ] || mknod "/dev/md$minor" b 9 "$minor"
	done
}

# Loads modules by name, in the order given.
LoadModules() {
	local name
	for name in "$@"; do
		insmod "/usr/lib/modules/$name.ko" || echo "cannot load $name"
	done
}

# Names of all disks, for example "sda sdb".
disks() {
	local path
	for path in /sys/block/[hsv]d[a-z]; do
		[ -e "$path" ] && basename "$path"
	done
}

# The driver that a disk came through: "sd" for SCSI, SATA and IDE.
driver_of() { # DISK
	basename "$(readlink -f "/sys/block/$1/device/driver")"
}

# Row 1 to 4 of a DOS partition table as "TYPE START SECTORS" (type in hex, "00" where there is none).
table_row() { # DISK NUMBER
	[ "$(od -An -tx1 -j510 -N2 "/dev/$1" | tr -d ' ')" = 55aa ] || { echo 00 0 0 && return; }
	set -- $(od -An -v -tu4 -j $((430 + 16 * $2)) -N 16 "/dev/$1")
	printf '%02x %s %s\n' $(($2 & 255)) "$3" "$4"
}

# Partitions of the type "Linux raid autodetect" of a disk, for example "sda1 sda2".
raid_partitions() { # DISK
	local number
	for number in 1 2 3 4; do
		case $(table_row "$1" $number) in fd\ *) echo "$1$number" ;; esac
	done
}

# Does the disk have the partitions of layout 8? The fourth is free.
has_layout() { # DISK
	[ "$(table_row "$1" 1)" = "fd $P1_START $P1_SECTORS" ] &&
		[ "$(table_row "$1" 2)" = "fd $P2_START $P2_SECTORS" ] &&
		case $(table_row "$1" 3) in "fd $P3_START "*) true ;; *) false ;; esac
}

# The first disk with layout 8, if any.
system_disk() {
	local disk
	for disk in $(disks); do
		has_layout "$disk" && echo "$disk" && return
	done
}

# The FAT partition that holds the loader's files, if any; it is left mounted nowhere.
loader_partition() {
	local disk number
	for disk in $(disks); do
		for number in 1 2 3 4; do
			case $(table_row "$disk" $number) in
			04\ * | 06\ * | 0b\ * | 0c\ * | 0e\ *) holds_loader "$disk$number" && echo "$disk$number" && return ;;
			esac
		done
	done
}

holds_loader() { # PARTITION
	local found=1
	mkdir -p /mnt
	mount -t vfat -o ro "/dev/$1" /mnt 2>/dev/null || return
	ls /mnt/boot/grub/*/rd.gz >/dev/null 2>&1 && found=0
	umount /mnt
	return $found
}

# The disk to install on: the first one that is not the loader's.
target_disk() {
	local loader disk
	loader=$(loader_partition)
	for disk in $(disks); do
		[ "$disk" != "${loader%[1-4]}" ] && echo "$disk" && return
	done
}

# Size of a disk in sectors.
disk_sectors() { # DISK
	cat "/sys/block/$1/size"
}
