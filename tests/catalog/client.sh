#!/bin/sh
# What a client of the catalog does with curl alone: upload, poll, wait.
# client.sh ORIGIN FILE SUPPLIER; prints the answer to the upload, and the last status, a line each.
set -eu

read_field() { sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p'; }

answer=$(curl -fsS -F "file=@$2" "$1/api/catalog/items/bulk-upload?proveedor_id=$3")
echo "$answer"
status_url=$(echo "$answer" | read_field status_url)

until case $(echo "$answer" | read_field status) in completed | failed) true ;; *) false ;; esac; do
  sleep 0.2
  answer=$(curl -fsS "$1$status_url")
done
echo "$answer"
