#!/bin/sh
# GET: what the installer knows of this machine, before anything is installed.
. /usr/syno/lib/common.sh
. /usr/syno/lib/disks.sh

yes_no() { "$@" && echo true || echo false; }
is_installing() { [ -d /run/install/lock ]; }
has_target() { [ -n "$target" ]; }
# The smallest data partition is 64 MiB.
is_large_enough() { [ -n "$target" ] && [ "$(disk_sectors "$target")" -ge $((P3_START + 131072)) ]; }
# Only what cannot break out of a JSON string.
plain() { tr -cd 'A-Za-z0-9.:_-'; }

target=$(target_disk)
printf 'Content-Type: application/json\r\nCache-Control: no-store\r\n\r\n'
cat <<JSON
{"success":true,"data":{"has_disk":$(yes_no has_target),"dsinfo":{"model":"$(version_value upnpmodelname /etc.defaults/VERSION)","serial":"$(kernel_argument sn | plain)","mac_addr":"$(mac_address)","ip_addr":"$(ip_address)","hostname":"$(hostname)","build_ver":"$(version_value buildnumber /etc.defaults/VERSION)","disk_count":$(disks | grep -cv "^$(loader_partition | sed 's/[1-4]$//')\$"),"disk_size_enough":$(yes_no is_large_enough),"is_installing":$(yes_no is_installing),"status":"$(cat /run/junior_status)"}}}
JSON
