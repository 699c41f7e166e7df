# The network: by DHCP on whichever card answers, or as dsmb.net= says, for each card by its MAC address.

cards() {
	local path
	for path in /sys/class/net/*; do
		[ "${path##*/}" = lo ] || echo "${path##*/}"
	done
}

mac_of() { # CARD
	cat "/sys/class/net/$1/address"
}

card_of() { # MAC
	local card
	for card in $(cards); do
		[ "$(mac_of "$card")" = "$1" ] && echo "$card" && return
	done
	echo "dsmb: network: no card has the MAC address $1" >&2
	return 1
}

# MAC,ADDRESS/PREFIX…,gw=GATEWAY…,dns=SERVER…: a gateway may be outside of the network of the address.
start_static() { # SETTINGS
	local card field
	card=$(card_of "$(echo "${1%%,*}" | tr A-F- a-f:)") || return
	ip link set "$card" up
	for field in $(echo "$1" | tr , ' ' | cut -s -d ' ' -f 2-); do
		case $field in
		gw=*:*) ip -6 route add "${field#gw=}" dev "$card" 2>/dev/null
			ip -6 route add default via "${field#gw=}" dev "$card" ;;
		gw=*) ip route add "${field#gw=}/32" dev "$card" 2>/dev/null
			ip route add default via "${field#gw=}" dev "$card" ;;
		dns=*) echo "nameserver ${field#dns=}" >>/etc/resolv.conf ;;
		*) ip addr add "$field" dev "$card" || echo "dsmb: network: '$field' is no address" ;;
		esac
	done
	echo "$card" >/run/card
}

# The first card that gets a lease; tried again until there is one, as a switch may be slow.
start_dhcp() {
	local card pause=1
	for card in $(cards); do ip link set "$card" up; done
	while :; do
		for card in $(cards); do
			echo "dsmb: network: asking for an address on $card ($(mac_of "$card"))"
			if udhcpc -i "$card" -n -q -t 4 -T 2 -s /usr/share/udhcpc/lease >/dev/null 2>&1; then
				echo "$card" >/run/card
				return
			fi
		done
		echo "dsmb: network: no answer to DHCP; asked again in $pause s"
		sleep "$pause"
		pause=$((pause < 30 ? pause * 2 : 60))
	done
}

start_network() {
	local settings
	ip link set lo up
	for settings in $(values_of dsmb.net | grep -v '^dhcp$'); do start_static "$settings"; done
	[ -e /run/card ] || start_dhcp
	echo "dsmb: network: $(cat /run/card) has $(ip -o addr show "$(cat /run/card)" | sed -n 's/.* inet6\{0,1\} \([^ ]*\) .*/\1/p' | tr '\n' ' ')"
}
