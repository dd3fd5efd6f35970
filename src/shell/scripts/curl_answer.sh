printf '%s\n' "$answer"
case $answer in
    *'
'2[0-9][0-9]) ;;
    *) echo 'Stitch did not accept it' >&2; exit 1 ;;
esac
