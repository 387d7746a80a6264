log_folder nova nova
[[ -d /var/lib/nova/instances ]] || mkdir -p /var/lib/nova/instances
