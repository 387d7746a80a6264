# An upgrade runs the phases that are asked for, in their order: GLANCE_DB_EXPAND, GLANCE_DB_MIGRATE, GLANCE_DB_CONTRACT.
log_folder glance glance
if is_set KOLLA_BOOTSTRAP; then
    as glance glance-manage db_sync
    as glance glance-manage db_load_metadefs
    exit 0
elif is_set KOLLA_UPGRADE; then
    for phase in expand migrate contract; do
        if is_set "GLANCE_DB_${phase^^}"; then
            as glance glance-manage db "$phase"
        fi
    done
    exit 0
fi
