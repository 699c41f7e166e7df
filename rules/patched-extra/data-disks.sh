#!/bin/sh
# Makes the arrays and file systems of the other disks of this machine volumes of the system. It is called with the device of
# the system before that is mounted, when the arrays of the system's own disk run. dsmb-data.conf has VOLUMES, the UUIDs of
# arrays (with colons) and file systems (with dashes), of which the first is /volume2; or DISKS, how many other disks there
# are, and HOST, the name of the system that made their arrays.
. /etc/dsmb-data.conf
root=$1
mnt=/run/dsmb-root
conf=/run/mdadm/dsmb-data.conf

# The arrays that are named, each as "NUMBER UUID": md3 is /volume2.
named_arrays() {
	number=3
	for uuid in $VOLUMES; do
		case $uuid in *:*) echo "$number $uuid" ;; esac
		number=$((number + 1))
	done
}

# The arrays that a system of this name has made, each as "UUID SUFFIX" of its name; those of mdadm.conf run already.
arrays_of_host() {
	mdadm --examine --scan --config=partitions 2>/dev/null |
		sed -n 's/^ARRAY .*UUID=\([0-9a-f:]*\) name=\([^ ]*\).*/\1 \2/p' | sort |
		while read -r uuid name; do
			grep -q "UUID=$uuid" /etc/mdadm.conf && continue
			case $name in "$HOST":*) echo "$uuid ${name#"$HOST":}" ;; esac
		done
}

# Each gets the number of its name, whatever other arrays are there. Where that is taken (0 to 2 are the system's own) or no
# number, it gets the next free one, in the order of UUIDs.
numbered() {
	taken=' 0 1 2 '
	others=
	while read -r uuid suffix; do
		if is_free "$suffix"; then take "$suffix" "$uuid"; else others="$others $uuid"; fi
	done
	number=3
	for uuid in $others; do
		while ! is_free $number; do number=$((number + 1)); done
		take $number "$uuid"
	done
}
is_free() { # NUMBER
	echo "$1" | grep -qxE '[1-9][0-9]{0,2}' || return 1
	case $taken in *" $1 "*) return 1 ;; esac
}
take() { # NUMBER UUID
	taken="$taken$1 "
	echo "$1 $2"
}

# Without the last line, mdadm would assemble all that there is where none of these is found.
configuration() {
	echo 'DEVICE partitions'
	while read -r number uuid; do echo "ARRAY /dev/md$number UUID=$uuid"; done
	echo 'AUTO -all'
}

# Bits of the slots that have to count as internal: the first is that of sda.
slots() {
	mask=$(((1 << (${DISKS:-0} + 1)) - 1))
	for path in /sys/block/sd[a-z]; do
		disk=${path##*/}
		[ ! -e "$path" ] || ! is_meant "$disk" || mask=$((mask | 1 << $(printf %d "'${disk#sd}") - 97))
	done
	echo $mask
}

# Sticks and the disk of a loader are not: those on virtio are, those with a running array, and those with a named file system.
is_meant() { # DISK
	case $(readlink -f "/sys/block/$1") in */virtio[0-9]*) return 0 ;; esac
	ls -d "/sys/block/$1/$1"*/holders/md* >/dev/null 2>&1 && return
	for uuid in $VOLUMES; do
		blkid "/dev/$1"* | grep -q " UUID=\"$uuid\"" && return
	done
	return 1
}

# What the system has as internal slots, it keeps.
give_slots() { # FILE
	mask=$(slots)
	count=0
	while [ $((mask >> count)) != 0 ]; do count=$((count + 1)); done
	value=$(setting maxdisks "$1") && [ $((value)) -lt $count ] && set_to maxdisks $count "$1"
	value=$(setting internalportcfg "$1") && set_bits $((value | mask)) internalportcfg "$1"
	value=$(setting esataportcfg "$1") && set_bits $((value & ~mask)) esataportcfg "$1"
	value=$(setting usbportcfg "$1") && set_bits $((value & ~mask)) usbportcfg "$1"
}
# Zero where there is none; fails for what is no number, which stays as it is.
setting() { # KEY FILE
	set -- "$1" "$(sed -n "s/^$1=//p" "$2" | head -n 1)"
	case $2 in '' | '""') echo 0 && return ;; esac
	echo "$2" | sed -n 's/^"\(.*\)"$/\1/p' | grep -xE '0x[0-9a-fA-F]{1,15}|[1-9][0-9]{0,17}|0' && return
	echo "data disks: $1=$2 is no number" >&2
	return 1
}
set_bits() { # NUMBER KEY FILE
	[ $((value)) = "$1" ] || set_to "$2" "$(printf 0x%x "$1")" "$3"
}
set_to() { # KEY VALUE FILE
	if grep -q "^$1=" "$3"; then sed -i "s/^$1=.*/$1=\"$2\"/" "$3"; else echo "$1=\"$2\"" >>"$3"; fi
}

# The system writes its list of volumes at each start: what is no array has to be in it, and mounted, before.
put_file_systems() {
	hook='sh /etc/dsmb-volumes.sh # dsmb: volumes on disks without arrays'
	grep -vF "$hook" $mnt/etc/rc >/run/dsmb-rc
	case $VOLUMES in
	*-*)
		{ echo "VOLUMES='$VOLUMES'" && cat /etc/dsmb-volumes.sh; } >/run/dsmb-volumes.sh
		sed -i "1a $hook" /run/dsmb-rc
		put /run/dsmb-volumes.sh $mnt/etc/dsmb-volumes.sh && put /run/dsmb-rc $mnt/etc/rc
		;;
	*) put /run/dsmb-rc $mnt/etc/rc && rm -f $mnt/etc/dsmb-volumes.sh ;;
	esac
}

# Writes a file of the system whole or not at all: its partition may be full, which not each program tells.
put() { # FROM TO
	cmp -s "$1" "$2" && return
	{ [ ! -e "$2" ] || cp -p "$2" "$2.new"; } && cat "$1" >"$2.new" && cmp -s "$1" "$2.new" && mv "$2.new" "$2" && return
	rm -f "$2.new"
	echo "data disks: $2 cannot be written, and stays as it is" >&2
	return 1
}

mkdir -p /run/mdadm $mnt
if [ -n "$VOLUMES" ]; then named_arrays; else arrays_of_host | numbered; fi | configuration >$conf
grep -q ^ARRAY $conf && mdadm --assemble --scan --config=$conf
mount -t ext4 "$root" $mnt || exit 0
trap 'umount $mnt' EXIT
for file in $mnt/etc/synoinfo.conf $mnt/etc.defaults/synoinfo.conf; do
	[ -f "$file" ] || continue
	cp "$file" /run/dsmb-synoinfo.conf
	give_slots /run/dsmb-synoinfo.conf
	put /run/dsmb-synoinfo.conf "$file"
done
[ ! -f $mnt/etc/rc ] || put_file_systems
