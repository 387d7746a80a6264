# The cookie that the members of a cluster know each other by; and a server that stops when it is told to.
log_folder rabbitmq rabbitmq
if is_set KOLLA_BOOTSTRAP; then
    cookie=/var/lib/rabbitmq/.erlang.cookie
    rm -f $cookie # mode 0400 keeps even its owner from writing it
    (umask 0377 && printf '%s\n' "$RABBITMQ_CLUSTER_COOKIE" > $cookie)
    [[ $EUID -ne 0 ]] || chown rabbitmq:rabbitmq $cookie
    exit 0
fi
if [[ $CMD == /usr/sbin/rabbitmq-server ]]; then
    CMD=kolla_rabbitmq_server
fi
