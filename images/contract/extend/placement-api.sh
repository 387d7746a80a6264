log_folder placement placement
if is_set KOLLA_BOOTSTRAP; then
    as placement placement-manage db sync
    as placement placement-manage db online_data_migrations
    exit 0
elif is_set KOLLA_UPGRADE; then
    as placement placement-manage db sync
    exit 0
elif is_set KOLLA_OSM; then
    as placement placement-manage db online_data_migrations
    exit 0
fi
