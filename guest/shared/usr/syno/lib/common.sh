# Functions that the initrd and the installed system share.

# The value of NAME=value on the kernel command line, or DEFAULT.
kernel_argument() { # NAME [DEFAULT]
	local word
	for word in $(cat /proc/cmdline); do
		case $word in "$1="*) echo "${word#*=}" && return ;; esac
	done
	echo "$2"
}

# The value of key="value" in a VERSION file.
version_value() { # KEY FILE
	sed -n "s/^$1=\"\(.*\)\"\$/\1/p" "$2" | head -n 1
}

# The network interface whose address is mac1, mac2 … (twelve hex digits); fails where none has it.
nic_of() { # NUMBER
	local wanted path
	wanted=$(kernel_argument "mac$1" | tr -d ':-' | tr A-F a-f)
	for path in /sys/class/net/*; do
		[ "$(tr -d : <"$path/address")" = "$wanted" ] && basename "$path" && return
	done
	echo "network: no interface has mac$1=$wanted" >&2
	return 1
}

# The numbers of the interfaces that the loader tells of.
nic_numbers() {
	seq "$(kernel_argument netif_num 1)"
}

start_network() {
	local number
	ifconfig lo 127.0.0.1 up
	for number in $(nic_numbers); do start_nic "$number"; done
}

# Brings up an interface: by its settings where the system has some, otherwise with DHCP. Its address goes into /run/lease.NAME.
start_nic() { # NUMBER
	local nic settings BOOTPROTO=dhcp IPADDR= NETMASK= GATEWAY=
	nic=$(nic_of "$1") || return
	ifconfig "$nic" up
	settings=/etc/sysconfig/network-scripts/ifcfg-$nic
	[ ! -f "$settings" ] || . "$settings"
	if [ "$BOOTPROTO" = static ]; then
		ifconfig "$nic" "$IPADDR" netmask "$NETMASK"
		[ -z "$GATEWAY" ] || route add default gw "$GATEWAY" dev "$nic"
		printf 'ip=%s\nmask=%s\n' "$IPADDR" "$NETMASK" >"/run/lease.$nic"
		return
	fi
	udhcpc -i "$nic" -n -q -t 10 -T 1 -s /usr/share/udhcpc/lease.sh >/dev/null 2>&1 ||
		echo "network: no answer to DHCP on $nic"
}

# The hardware address and the IPv4 address of an interface, the first by default, or "none".
mac_address() { # [NUMBER]
	local nic
	nic=$(nic_of "${1:-1}" 2>/dev/null) && cat "/sys/class/net/$nic/address" || echo none
}
ip_address() { # [NUMBER]
	lease_value ip "${1:-1}"
}
netmask() { # [NUMBER]
	lease_value mask "${1:-1}"
}
lease_value() { # KEY NUMBER
	sed -n "s/^$1=//p" "/run/lease.$(nic_of "$2" 2>/dev/null)" 2>/dev/null | grep . || echo none
}
