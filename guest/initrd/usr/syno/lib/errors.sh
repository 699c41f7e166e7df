# The installer's errors: each has a number for the client and a line for the console.

error_code() { # NAME
	case $1 in
	error_request) echo 1 ;;
	error_upload) echo 2 ;;
	error_busy) echo 3 ;;
	error_no_disk) echo 4 ;;
	error_corrupt) echo 13 ;;
	error_model) echo 21 ;;
	error_format) echo 35 ;;
	error_install) echo 38 ;;
	esac
}

error_json() { # NAME
	printf '{"success":false,"error":{"code":%s,"name":"%s"}}' "$(error_code "$1")" "$1"
}

report_error() { # NAME REASON
	printf 'INSTALL-ERROR code=%s %s: %s\n' "$(error_code "$1")" "$1" "$2"
}
