# The network as it is now, so that the installer finds it again whatever its cards are called there.

ip_command() {
	if has ip; then ip "$@"; elif has busybox; then busybox ip "$@"; fi 2>/dev/null
}

# Card of a default route: from the kernel's own table where there is no `ip`.
default_card() {
	awk '$2 == "00000000" && $8 == "00000000" { print $1; exit }' /proc/net/route
}

choose_network() {
	card=$(default_card)
	[ -n "$card" ] || card=$(ip_command -6 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
	[ -n "$card" ] || { problem "no card has a default route" "bring the network up first" && return; }
	card_mac=$(cat "/sys/class/net/$card/address")
	address=$(ip_command -o -4 addr show dev "$card" | sed -n 's/.* inet \([^ ]*\) .*/\1/p' | head -n 1)
	if [ "$net" = dhcp ] || [ -z "$address" ]; then
		net_word=dhcp
	else
		net_word=$card_mac$(addresses_of 4)$(gateway_of 4)
		[ -z "$(addresses_of 6)" ] || net_word=$net_word$(addresses_of 6)$(gateway_of 6)
		net_word=$net_word$(servers)
	fi
	choose_afterwards
	choose_mac
}

# What the NAS does: an address that was leased is somebody else's some day.
choose_afterwards() {
	keep_net=
	[ "$net_word" != dhcp ] || return 0
	[ "$net" = keep ] || ! is_leased || return 0
	keep_net=1
	[ "$NETWORK_BYTES" -gt 0 ] ||
		problem "the image takes no addresses, and this system has its own without DHCP" "if there is DHCP as well, add --net dhcp"
}

# The kernel knows how long an address is valid, where its client has told; otherwise the client itself is there.
is_leased() {
	ip_command -o -4 addr show dev "$card" | grep -q ' dynamic ' || grep -qsxE 'udhcpc|dhclient|dhcpcd|dhcpcd5' /proc/[0-9]*/comm
}

addresses_of() { # 4|6
	ip_command -o "-$1" addr show dev "$card" scope global | sed -n 's/.* inet6\{0,1\} \([^ ]*\) .*/,\1/p' | tr -d '\n'
}
gateway_of() { # 4|6
	ip_command "-$1" route show default | grep " dev $card" | sed -n 's/.* via \([^ ]*\) .*/,gw=\1/p' | head -n 1 | tr -d '\n'
}
# A resolver on this machine itself is none for the installer: then the one that it asks.
servers() {
	for file in /run/systemd/resolve/resolv.conf /etc/resolv.conf; do
		[ -r "$file" ] || continue
		sed -n 's/^nameserver  *\([^ %]*\).*/\1/p' "$file" | grep -v '^127\.' | sed 's/^/,dns=/' | tr -d '\n'
		return
	done
}

choose_mac() {
	mac=$(say "${mac:-$card_mac}" | tr 'A-F-' 'a-f:')
	say "$mac" | grep -qx '[0-9a-f]\{2\}\(:[0-9a-f]\{2\}\)\{5\}' || { problem "'$mac' is no MAC address" "correct --mac" && return; }
	[ -n "$MAC_PREFIXES" ] && [ -z "$any_mac" ] || return 0
	for prefix in $MAC_PREFIXES; do
		case $mac in "$prefix"*) return ;; esac
	done
	problem "the system does not recognise a card with the MAC address $mac: it would run without a network" \
		"ask the provider for an address that begins with $MAC_PREFIXES, or insist with --any-mac"
}
