# A cell's own database.
log_folder nova nova
if is_set KOLLA_BOOTSTRAP; then
    as nova nova-manage db sync --local_cell
    as nova nova-manage db online_data_migrations
    exit 0
elif is_set KOLLA_UPGRADE; then
    as nova nova-manage db sync --local_cell
    exit 0
elif is_set KOLLA_OSM; then
    as nova nova-manage db online_data_migrations
    exit 0
fi
