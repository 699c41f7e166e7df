#!/bin/sh
# Makes this machine the NAS: looks whether it can, says what will happen, asks, and starts the installer.
# Nothing on the disk is changed before the installer has verified what it fetches. `sh install.sh --help` tells more.
set -u
export LC_ALL=C

# Of the image.
#FACTS#
