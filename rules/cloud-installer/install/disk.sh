# Disks, by what the kernel says of them in /sys; a disk is named as there: vda.

# The whole disks below a block device: through partitions, LVM, crypt and RAID.
disks_below() { # NAME
	if [ -e "/sys/class/block/$1/partition" ]; then
		basename "$(dirname "$(readlink -f "/sys/class/block/$1")")"
	elif [ -n "$(ls "/sys/class/block/$1/slaves" 2>/dev/null)" ]; then
		for slave in "/sys/class/block/$1/slaves"/*; do (disks_below "${slave##*/}"); done
	else
		say "$1"
	fi
}

# The block device that is mounted on a folder, or nothing: its file system may be on none, or on many.
device_of() { # FOLDER
	mounted=$(awk -v folder="$1" '$5 == folder { for (i = 7; $i != "-"; i++); print $3, $(i + 2) }' /proc/self/mountinfo | tail -n 1)
	[ -n "$mounted" ] || return
	if [ -e "/sys/dev/block/${mounted%% *}" ]; then
		basename "$(readlink -f "/sys/dev/block/${mounted%% *}")"
	else
		name=$(basename "$(readlink -f "${mounted#* }")")
		[ ! -e "/sys/class/block/$name" ] || say "$name"
	fi
}

all_disks() {
	for path in /sys/block/*; do
		name=${path##*/}
		case $name in loop* | ram* | zram* | sr* | fd* | dm-* | md*) continue ;; esac
		[ "$(cat "$path/size")" -gt 0 ] && say "$name"
	done
}

bytes_of() { say $(($(cat "/sys/block/$1/size") * 512)); }
hex_at() { od -An -v -tx1 -j "$2" -N "$3" "/dev/$1" 2>/dev/null | tr -d ' \n'; } # DISK OFFSET LENGTH

# Eight hex digits for a DOS table, a GUID for a GPT; nothing where there is no table, or one without an id.
table_id_of() { # DISK
	[ "$(hex_at "$1" 510 2)" = 55aa ] || return
	if [ "$(hex_at "$1" 512 8)" = 4546492050415254 ]; then
		hex_at "$1" 568 16 | sed 's/\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(....\)\(.*\)/\4\3\2\1-\6\5-\8\7-\9-/'
		hex_at "$1" 578 6
	else
		hex_at "$1" 440 4 | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/' | grep -v '^00000000$'
	fi
}

serial_of() { # DISK
	for file in serial device/serial; do
		[ ! -r "/sys/block/$1/$file" ] || { tr -d ' \n' <"/sys/block/$1/$file" && return; }
	done
}

human() { # BYTES
	if [ "$1" -ge 1073741824 ]; then
		say "$(($1 / 1073741824)).$(($1 % 1073741824 * 10 / 1073741824)) GiB"
	else
		say "$(($1 / 1048576)).$(($1 % 1048576 * 10 / 1048576)) MiB"
	fi
}

choose_disk() {
	if [ -n "$disk" ]; then
		name=$(basename "$(readlink -f "$disk")")
		[ -e "/sys/block/$name" ] || { problem "$disk is no whole disk" "name one of: $(all_disks | sed 's,^,/dev/,' | tr '\n' ' ')" && return; }
	else
		device=$(device_of /)
		name=$([ -z "$device" ] || disks_below "$device" | sort -u)
		case $(say "$name" | grep -c .) in
		1) ;;
		0) problem "it cannot be told which disk holds /" "name the disk to overwrite with --disk" && return ;;
		*) problem "/ lies on several disks: $(say "$name" | tr '\n' ' ')" "name the one to overwrite with --disk" && return ;;
		esac
	fi
	disk=/dev/$name
	disk_name=$name
	disk_bytes=$(bytes_of "$name")
	table_id=$(table_id_of "$name" | tr -d '\n')
	serial=$(serial_of "$name")
	if [ -n "$table_id" ] && [ "$(for one in $(all_disks); do table_id_of "$one" | tr -d '\n' && say; done | grep -cx "$table_id")" = 1 ]; then
		disk_word=$table_id
	else
		disk_word=${serial:-$disk}
	fi
	[ "$disk_bytes" -ge "$IMAGE_BYTES" ] ||
		problem "$disk has $(human "$disk_bytes"), the image $(human "$IMAGE_BYTES")" "take a larger disk, or build the image with a smaller sizeGiB"
	[ "$(cat "/sys/block/$name/ro")" = 0 ] || problem "$disk is read-only" "name another one with --disk"
}
