. inspect_hba
ours=
cr=$(printf '\r')
while IFS= read -r line || [ -n "$line" ]; do
    line=${line%"$cr"}
    case $line in
    "$remark") echo remark= && ours=yes ;;
    host*) if [ -n "$ours" ]; then printf 'rule=%s\n' "$line"; fi ;;
    *) ours= ;;
    esac
done <"$file"
