log_folder cinder cinder
if is_set KOLLA_BOOTSTRAP; then
    as cinder cinder-manage db sync
    exit 0
elif is_set KOLLA_OSM; then
    as cinder cinder-manage db online_data_migrations
    exit 0
fi
