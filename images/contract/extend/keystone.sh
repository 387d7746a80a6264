# Keystone's three phases of an upgrade, and its first set-up. EXTRA_KEYSTONE_MANAGE_ARGS is split at white space.
log_folder keystone keystone
manage() { as keystone keystone-manage ${EXTRA_KEYSTONE_MANAGE_ARGS-} "$@"; }
if is_set KOLLA_UPGRADE; then
    manage db_sync --expand
    manage db_sync --migrate
    exit 0
elif is_set KOLLA_FINISH_UPGRADE; then
    manage db_sync --contract
    exit 0
elif is_set KOLLA_BOOTSTRAP; then
    manage db_sync
    exit 0
fi
