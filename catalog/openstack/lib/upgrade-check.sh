# upgrade-check.sh COMMAND…: asks a service's own tool of the new release whether what runs may be upgraded, and shows what
# it says. 0: yes; 1: yes, with a warning; 2: no, to the checks that its table names. Those of EXPECTED (joined by |) are
# answered by how the upgrade is done. With any other code it broke off: it asks for what only the new schema has, which is
# no answer, and nothing to wait for either.
set -o nounset
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
"$@" > "$answer" 2>&1
code=$?
cat "$answer"
case $code in
    0) echo "kollage: step says yes" ;;
    1) echo "kollage: step says yes, with warnings" ;;
    2)
        no=$(sed -n 's/^| Check: \(.*[^ ]\) *|$/\1/; t keep; /^| Result: Failure/ { x; p }; b; :keep h' "$answer")
        refused=$(printf '%s\n' "$no" | grep -vxE "${EXPECTED:-}")
        if [ -n "$no" ] && [ -z "$refused" ]; then echo "kollage: step says no to what is expected: $no"; exit 0; fi
        echo "no:" $refused
        exit 2 ;;
    *) echo "kollage: step cannot be asked before its schema is the new one ($code)" ;;
esac
exit 0
