log_folder nova nova
if is_set KOLLA_BOOTSTRAP; then
    as nova nova-manage api_db sync
    as nova nova-manage db sync --local_cell
    as nova nova-manage db online_data_migrations
    exit 0
elif is_set KOLLA_UPGRADE; then
    as nova nova-manage api_db sync
    as nova nova-manage db sync --local_cell
    exit 0
elif is_set KOLLA_OSM; then
    as nova nova-manage db online_data_migrations
    exit 0
elif is_set KOLLA_UPGRADE_CHECK; then
    as nova nova-status upgrade check && exit 0 || exit $? # 1: warnings, 2: failures
fi
