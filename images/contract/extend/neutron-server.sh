# NEUTRON_BOOTSTRAP_SERVICES and NEUTRON_ROLLING_UPGRADE_SERVICES name subprojects (neutron-vpnaas) with tables of their own.
log_folder neutron neutron
upgrade() { # SUBPROJECT PHASE
    as neutron neutron-db-manage --subproject "$1" upgrade "$2"
}
if is_set KOLLA_BOOTSTRAP; then
    for project in neutron ${NEUTRON_BOOTSTRAP_SERVICES-}; do
        upgrade "$project" head
    done
    exit 0
elif is_set KOLLA_UPGRADE; then
    phase=heads
    ! is_set NEUTRON_DB_EXPAND || phase=--expand
    ! is_set NEUTRON_DB_CONTRACT || phase=--contract
    for project in neutron ${NEUTRON_ROLLING_UPGRADE_SERVICES-}; do
        upgrade "$project" "$phase"
    done
    exit 0
fi
