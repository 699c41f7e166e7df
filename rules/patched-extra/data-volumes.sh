# Mounts the file systems of VOLUMES, and adds them to the list of volumes that the system keeps in memory. The start of
# /etc/rc calls it. The first of VOLUMES is /volume2; arrays (with colons) are found by the system itself.
mapping=/tmp/space/space_mapping.xml

# A member of an array has the file system of the array: it is none itself.
device_of() { # UUID
	blkid | sed -n "s/^\([^:]*\):.* UUID=\"$1\".*/\1/p" | while read -r device; do
		[ -n "$(ls "/sys/class/block/${device##*/}/holders" 2>/dev/null)" ] || echo "$device"
	done | head -n 1
}

# For a partition without an array, recipes for DSM 6 have the device in the place of its UUID.
add_space() { # DEVICE VOLUME TYPE
	mkdir -p "${mapping%/*}"
	[ -f $mapping ] || printf '<?xml version="1.0" encoding="UTF-8"?>\n<spaces>\n</spaces>\n' >$mapping
	sed -i '/^<\/spaces>/d' $mapping
	cat >>$mapping <<-END
		<space path="$1" reference="$2" uuid="$1" device_type="3" drive_type="0" container_type="2" limited_raidgroup_num="0" space_id="">
		<device>
		</device>
		<reference>
		<volume path="$2" dev_path="$1" uuid="$1" type="$3">
		</volume>
		</reference>
		</space>
		</spaces>
	END
}

number=2
for uuid in $VOLUMES; do
	case $uuid in *:*) device= ;; *) device=$(device_of "$uuid") ;; esac
	if [ -n "$device" ]; then
		type=$(blkid "$device" | sed -n 's/.* TYPE="\([^"]*\)".*/\1/p')
		mkdir -p /volume$number
		mount -t "$type" "$device" /volume$number && add_space "$device" /volume$number "$type"
	fi
	number=$((number + 1))
done
