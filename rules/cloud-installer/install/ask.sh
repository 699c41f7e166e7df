# Words of the call, and talking to whoever made it.

usage() {
	cat <<'END'
usage: sh install.sh --url URL | --folder DIR [options]

  --url URL       where the folder of this script lies (http or https); several may be given
  --folder DIR    the folder lies on this machine: the installer takes it along in memory
  --dry-run       look, say what would happen, and end
  --yes           do not ask
  --disk DISK     the disk to overwrite, for example /dev/vda; by default the one that holds /
  --mac MAC       MAC address that the system is told; by default that of the card with the default route
  --any-mac       accept one that the system may not recognise
  --net WHICH     dhcp: the installer and the NAS ask for an address; keep: both take what this system has; by
                  default the installer takes that, and the NAS as well, unless this system has it by DHCP
  --hold WHEN     stop with a shell on the console: `write` before the first write, `reboot` at the end
  --kexec         start the installer at once, by kexec, and not over the boot loader
  --undo          take back what an earlier call has prepared
  --help          this text
END
}

say() { printf '%s\n' "$*"; }
row() { printf '  %-13s%s\n' "$1" "$2"; }

# Something that is wrong, and what to do about it. All of it is said at once.
problems=
problem() { # WHAT ADVICE
	problems="$problems
- $1
    $2"
}

abort() { # WHAT ADVICE
	say "install.sh: $1" >&2
	say "  $2" >&2
	exit 2
}

parse_words() {
	urls=$URLS folder= disk= mac= any_mac= net= hold= dry_run= yes= undo= use_kexec=
	while [ $# -gt 0 ]; do
		case $1 in
		--url | --folder | --disk | --mac | --net | --hold)
			[ $# -ge 2 ] || abort "$1 needs a value" "sh install.sh --help"
			value=$2
			;;
		esac
		case $1 in
		--url)
			# It will stand between quotes in the configuration of GRUB.
			case $value in
			*[\'\"\\[:space:]]*) abort "--url takes an address, not '$value'" "write a space as %20" ;;
			http://* | https://*) urls="$urls $value" ;;
			*) abort "--url takes an address of http or https, not '$value'" "sh install.sh --help" ;;
			esac
			;;
		--folder) take_folder "$value" ;;
		--disk) disk=$value ;;
		--mac) mac=$value ;;
		--net) net=$value ;;
		--hold) hold=$value ;;
		--any-mac) any_mac=1 ;;
		--dry-run) dry_run=1 ;;
		--yes) yes=1 ;;
		--kexec) use_kexec=1 ;;
		--undo) undo=1 ;;
		--help | -h) usage && exit 0 ;;
		*) abort "there is no option '$1'" "sh install.sh --help" ;;
		esac
		case $1 in --url | --folder | --disk | --mac | --net | --hold) shift ;; esac
		shift
	done
	[ -z "$folder" ] || urls=file://$folder
	case $net in '' | dhcp | keep) ;; *) abort "--net takes dhcp or keep, not '$net'" "sh install.sh --help" ;; esac
	case $hold in '' | write | reboot | write,reboot) ;; *) abort "--hold takes write or reboot, not '$hold'" "sh install.sh --help" ;; esac
}

take_folder() { # DIR
	[ -d "$1/blocks" ] || abort "$1 is no folder of an installer" "give --folder the folder with install.sh and blocks/"
	folder=$(cd "$1" && pwd)
}

# Asks the person at the terminal, even where the script itself comes through a pipe.
confirm() {
	[ -z "$yes" ] || return 0
	[ -r /dev/tty ] && { : >/dev/tty; } 2>/dev/null ||
		abort "there is no terminal to ask on" "call with --yes once the plan is what you want"
	printf 'Everything on %s will be lost. Type yes to go on: ' "$disk" >/dev/tty
	read -r answer </dev/tty
	[ "$answer" = yes ] || { say "Nothing was changed." && exit 1; }
}
