#!/bin/sh
# Gives the installed system the network that the host had before: dsmb.net=MAC,ADDRESS/PREFIX,gw=GATEWAY,dns=SERVER of the
# kernel's command line. It is called with the device of the system, before that is mounted. What was written once is not
# written again, so that the system's own settings count from then on.
root=$1
mnt=/run/dsmb-root

number_of() { # a.b.c.d
	echo "$1" | (IFS=. && read -r a b c d && echo $((a << 24 | b << 16 | c << 8 | d)))
}
dotted() { # NUMBER
	echo "$(($1 >> 24 & 255)).$(($1 >> 16 & 255)).$(($1 >> 8 & 255)).$(($1 & 255))"
}
mask_of() { # PREFIX
	echo $((0xffffffff << (32 - $1) & 0xffffffff))
}

# The settings have no word for a gateway outside of the network: the mask is widened until the gateway is within it.
widened() { # ADDRESS PREFIX GATEWAY
	prefix=$2
	differs=$(($(number_of "$1") ^ $(number_of "${3:-$1}")))
	while [ $((differs & $(mask_of "$prefix"))) != 0 ]; do prefix=$((prefix - 1)); done
	echo "$prefix"
}

card_of() { # MAC
	for path in /sys/class/net/*; do
		[ "$(cat "$path/address" 2>/dev/null)" = "$1" ] && echo "${path##*/}" && return
	done
	echo eth0
}

settings_of() { # MAC FIELD…
	address= gateway= servers=
	shift
	for field in "$@"; do
		case $field in
		*:*) ;;
		gw=*) gateway=${gateway:-${field#gw=}} ;;
		dns=*) servers="$servers ${field#dns=}" ;;
		*/*) address=${address:-$field} ;;
		esac
	done
	[ -n "$address" ] || return
	prefix=$(widened "${address%/*}" "${address#*/}" "$gateway")
	echo "DEVICE=$card"
	echo "BOOTPROTO=static"
	echo "ONBOOT=yes"
	echo "IPADDR=${address%/*}"
	echo "NETMASK=$(dotted "$(mask_of "$prefix")")"
	[ -z "$gateway" ] || echo "GATEWAY=$gateway"
	for server in $servers; do echo "nameserver $server" >>$mnt/etc/resolv.conf; done
}

words=$(tr ' ' '\n' </proc/cmdline | sed -n 's/^dsmb\.net=//p')
[ -n "$words" ] || exit 0
mkdir -p $mnt
mount -t ext4 "$root" $mnt || exit 0
if [ -d $mnt/etc ] && [ "$words" != "$(cat $mnt/etc/dsmb-network 2>/dev/null)" ]; then
	folder=$mnt/etc/sysconfig/network-scripts
	mkdir -p $folder
	: >$mnt/etc/resolv.conf
	for word in $words; do
		card=$(card_of "${word%%,*}")
		settings_of $(echo "$word" | tr , ' ') >"$folder/ifcfg-$card"
		[ -s "$folder/ifcfg-$card" ] || rm "$folder/ifcfg-$card"
	done
	echo "$words" >$mnt/etc/dsmb-network
fi
umount $mnt
