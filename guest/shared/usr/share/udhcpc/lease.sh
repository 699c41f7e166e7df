#!/bin/sh
# Called by udhcpc: configures the interface and notes the lease in memory (nothing of it reaches the disk).
case $1 in
bound | renew)
	ifconfig "$interface" "$ip" netmask "${subnet:-255.255.255.0}"
	[ -z "$router" ] || route add default gw "${router%% *}" dev "$interface"
	printf 'ip=%s\nmask=%s\n' "$ip" "${subnet:-255.255.255.0}" >"/run/lease.$interface"
	;;
esac
