. fail
. has
md5=$(md5sum <"$file")
echo "md5=${md5%% *}"
echo "identity=$(stat -Lc %d:%i "$file")"
if [ -O "$file" ] && [ -w "${file%/*}" ]; then echo own=yes; fi
if [ "$(head -n 1 "$file" | tr -dc '\r' | wc -c)" -gt 0 ]; then echo end=crlf; fi
if tail -n 1 "$file" | tr -d '\r' | grep -q '\\$'; then echo continued=yes; fi
