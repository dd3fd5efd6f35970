: "${STITCH_PG_PASSWORD:?give the password of the Stitch role}"
case $STITCH_PG_PASSWORD in
    *[[:cntrl:]]*) echo 'the password contains a control character, which this command cannot send' >&2; exit 1 ;;
esac
password=$(printf %s "$STITCH_PG_PASSWORD" | sed 's/[\\"]/\\&/g')
