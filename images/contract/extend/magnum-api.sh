log_folder magnum magnum
if is_set KOLLA_BOOTSTRAP; then
    as magnum magnum-db-manage upgrade
    exit 0
fi
