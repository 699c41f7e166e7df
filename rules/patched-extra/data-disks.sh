#!/bin/sh
# Makes the arrays and file systems of the other disks of this machine volumes of the system. It is called with the device of
# the system before that is mounted, when the arrays of the system's own disk run. dsmb-data.conf has DISKS, how many other
# disks there are, or VOLUMES, the UUIDs of arrays (with colons) and file systems (with dashes): the first is /volume2.
. /etc/dsmb-data.conf
root=$1
mnt=/run/dsmb-root
conf=/run/mdadm/dsmb-data.conf

# Where nobody named arrays: those that a system of this name has made. By UUID, so that the order of disks does not count.
arrays_of_this_host() {
	host=$(sed -n 's/.* name=\([^ :]*\):.*/\1/p' /etc/mdadm.conf 2>/dev/null | head -n 1)
	[ -n "$host" ] || return
	mdadm --examine --scan --config=partitions 2>/dev/null |
		sed -n "s/^ARRAY .*UUID=\([0-9a-f:]*\) name=$host:.*/\1/p" | sort |
		while read -r uuid; do grep -q "UUID=$uuid" /etc/mdadm.conf || echo "$uuid"; done
}

# Without the last line, mdadm would assemble all that there is where none of these is found.
configuration() { # UUID…
	number=3
	echo 'DEVICE partitions'
	for uuid in "$@"; do
		case $uuid in *:*) echo "ARRAY /dev/md$number UUID=$uuid" ;; esac
		number=$((number + 1))
	done
	echo 'AUTO -all'
}

# As many disks as there are, at least, count as internal ones; what the system has stays.
give_slots() { # FILE
	slots=$((${DISKS:-0} + 1))
	there=$(ls -d /sys/block/sd* | wc -l)
	[ "$there" -le $slots ] || slots=$there
	mask=$(((1 << slots) - 1))
	[ "$(setting maxdisks "$1")" -ge $slots ] || set_to maxdisks $slots "$1"
	set_bits internalportcfg $(($(setting internalportcfg "$1") | mask)) "$1"
	set_bits esataportcfg $(($(setting esataportcfg "$1") & ~mask)) "$1"
	set_bits usbportcfg $(($(setting usbportcfg "$1") & ~mask)) "$1"
}
setting() { # KEY FILE
	value=$(sed -n "s/^$1=\"\(.*\)\"/\1/p" "$2" | head -n 1)
	echo "${value:-0}"
}
set_bits() { # KEY NUMBER FILE
	[ $(($(setting "$1" "$3"))) = "$2" ] || set_to "$1" "$(printf 0x%x "$2")" "$3"
}
set_to() { # KEY VALUE FILE
	grep -q "^$1=" "$3" && sed -i "s/^$1=.*/$1=\"$2\"/" "$3" || echo "$1=\"$2\"" >>"$3"
}

# The system writes its list of volumes at each start: what is no array has to be in it, and mounted, before.
put_file_systems() {
	hook='sh /etc/dsmb-volumes.sh # dsmb: volumes on disks without arrays'
	{ echo "VOLUMES='$VOLUMES'" && cat /etc/dsmb-volumes.sh; } >/run/dsmb-volumes.sh
	cmp -s /run/dsmb-volumes.sh $mnt/etc/dsmb-volumes.sh || cp /run/dsmb-volumes.sh $mnt/etc/dsmb-volumes.sh
	grep -qF "$hook" $mnt/etc/rc || sed -i "1a $hook" $mnt/etc/rc
}

mkdir -p /run/mdadm $mnt
configuration ${VOLUMES:-$(arrays_of_this_host)} >$conf
grep -q ^ARRAY $conf && mdadm --assemble --scan --config=$conf
mount -t ext4 "$root" $mnt || exit 0
for file in $mnt/etc/synoinfo.conf $mnt/etc.defaults/synoinfo.conf; do
	[ ! -f "$file" ] || give_slots "$file"
done
case $VOLUMES in *-*) put_file_systems ;; esac
umount $mnt
