# The first set-up also makes the domain that stacks' users live in, with the OS_* variables of an administrator.
log_folder heat heat
if is_set KOLLA_BOOTSTRAP; then
    as heat heat-manage db_sync
    if ! openstack domain list -f value -c Name | grep -qx heat_user_domain; then
        openstack domain create heat_user_domain
        openstack user create --domain heat_user_domain heat_domain_admin --password "$HEAT_DOMAIN_ADMIN_PASSWORD"
        openstack role add --domain heat_user_domain --user-domain heat_user_domain --user heat_domain_admin admin
    fi
    exit 0
fi
