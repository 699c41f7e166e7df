#!/bin/sh
# Once the system runs there is no installer: the page answers in its place.
printf 'Content-Type: text/html\r\n\r\n'
cat ../index.html
