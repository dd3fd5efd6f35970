#: A symbolic link is followed once, as distributions lay them, so that it stays one. Prints the user to write the file as:
#: as we are, or where we are root and other users could replace names there, as the owner of the directory.
cd /
# Who named a directory has nothing run by what we advise.
word() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }
folder_of() { folder=${1%/*} folder=${folder:-/}; }
folder_of "$file"
named=$file named_in=$folder
if [ -L "$file" ]; then
    link=$(readlink "$file")
    case $link in /*) file=$link ;; *) file=${folder%/}/$link ;; esac
    [ ! -L "$file" ] || fail "$named is a symbolic link to a symbolic link; edit it by hand"
fi
[ -f "$file" ] || fail "there is no file $file on this machine"
folder_of "$file"
uid=$(id -u) name=root
if [ "$uid" = 0 ] && ! { only_root_writes "$named_in" && only_root_writes "$folder"; }; then
    within=$(cd "$folder" && pwd -P)
    uid=$(stat -c %u "$within") name=$(stat -c %U "$within")
    if [ "$uid" = 0 ]; then
        fail "root could be led astray on the way to $file, by links or because others can write there; edit it by hand, or see: namei -l $(word "$named")"
    fi
    for way in "$named_in" "$folder" "$within"; do
        on_the_way "$way" "$uid" || fail "directories on the way to $file belong to other users than root and $name; edit it by hand, or see: namei -l $(word "$named")"
    done
    [ "$uid" = "$(stat -c %u "$within/${file##*/}")" ] || fail "$file does not belong to $name as its directory does; change that: chown -h $name $(word "$file")"
fi
