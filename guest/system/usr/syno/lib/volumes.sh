# Volumes, as the storage manager of the original has them: the arrays on disks that have a slot go into a mapping in memory,
# and what is in the mapping is mounted. Others may have written to the mapping before.

MAPPING=/tmp/space/space_mapping.xml
SETTINGS=/etc.defaults/synoinfo.conf

# The name of a member of an array, for example sda3.
member_of() { # ARRAY
	ls "/sys/block/$1/md" 2>/dev/null | sed -n 's/^dev-//p' | head -n 1
}

# Does the disk count as one of this machine? The first is bit 0 of internalportcfg.
has_slot() { # DISK
	local number
	number=$(($(printf %d "'${1#sd}") - 97))
	[ $number -lt "$(version_value maxdisks $SETTINGS)" ] &&
		[ $(($(version_value internalportcfg $SETTINGS) >> number & 1)) = 1 ]
}

# The value that blkid tells, for example of UUID.
blkid_value() { # NAME DEVICE
	blkid "$2" | sed -n "s/.* $1=\"\([^\"]*\)\".*/\1/p"
}

# The array of the data on the system's own disk, where nothing has assembled it yet. The disk may be larger than the one
# that the system was installed on: array and file system take what there is.
start_own_array() {
	local own member room
	own=$(member_of md0)
	[ -n "$(member_of md2)" ] || mdadm --assemble /dev/md2 "/dev/${own%[0-9]}3"
	member=$(member_of md2)
	[ -n "$member" ] || return
	room=$(($(cat "/sys/class/block/$member/size") - $(cat "/sys/block/md2/md/dev-$member/offset") - $(cat /sys/block/md2/size)))
	if [ $room -gt 2048 ]; then
		mdadm --stop /dev/md2
		mdadm --assemble /dev/md2 --update=devicesize "/dev/$member"
		mdadm --grow /dev/md2 --size=max
	fi
}

# md2 becomes /volume1, md3 /volume2 …
map_arrays() {
	local path number member
	for path in /sys/block/md*; do
		number=${path##*/md}
		member=$(member_of "md$number")
		[ "$number" -ge 2 ] && [ -n "$member" ] && has_slot "${member%%[0-9]*}" &&
			map_array "/dev/md$number" "/volume$((number - 1))"
	done
}

map_array() { # DEVICE VOLUME
	local uuid type
	uuid=$(blkid_value UUID "$1")
	type=$(blkid_value TYPE "$1")
	[ -n "$type" ] || return
	mkdir -p "${MAPPING%/*}"
	[ -f $MAPPING ] || printf '<?xml version="1.0" encoding="UTF-8"?>\n<spaces>\n</spaces>\n' >$MAPPING
	sed -i '/^<\/spaces>/d' $MAPPING
	cat >>$MAPPING <<-END
		<space path="$1" reference="$2" uuid="$uuid" device_type="1" container_type="2">
		<reference>
		<volume path="$2" dev_path="$1" uuid="$uuid" type="$type"/>
		</reference>
		</space>
		</spaces>
	END
}

mount_volumes() {
	sed -n 's/.*<volume path="\([^"]*\)" dev_path="\([^"]*\)".* type="\([^"]*\)".*/\1 \2 \3/p' $MAPPING |
		while read -r volume device type; do
			mkdir -p "$volume"
			grep -q " $volume " /proc/mounts || mount -t "$type" -o noatime,noinit_itable "$device" "$volume"
		done
}

# For example "/volume1,/volume2".
mounted_volumes() {
	sed -n 's/^[^ ]* \(\/volume[0-9]*\) .*/\1/p' /proc/mounts | sort | tr '\n' ',' | sed 's/,$//'
}
