# The words of the kernel's command line.

# The values of NAME=value, a line each.
values_of() { # NAME
	local word
	for word in $(cat /proc/cmdline); do
		case $word in "$1="*) echo "${word#*=}" ;; esac
	done
}

# The last of them, or DEFAULT.
value_of() { # NAME [DEFAULT]
	values_of "$1" | tail -n 1 | grep . || echo "$2"
}
