# upgrade-check.sh COMMAND…: asks a service's own tool of the new release whether what runs may be upgraded, and shows what
# it says. 0: yes; 1: yes, with a warning; 2: no. With any other code it broke off: it asks for what only the new schema has,
# which is no answer, and nothing to wait for either.
set -o nounset
"$@"
code=$?
case $code in
    0) echo "kollage: step says yes" ;;
    1) echo "kollage: step says yes, with warnings" ;;
    2) exit 2 ;;
    *) echo "kollage: step cannot be asked before its schema is the new one ($code)" ;;
esac
exit 0
