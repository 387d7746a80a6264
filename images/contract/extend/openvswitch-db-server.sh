log_folder openvswitch openvswitch
database=/var/lib/openvswitch/conf.db
mkdir -p /run/openvswitch "${database%/*}"
if [[ ! -e $database ]]; then
    ovsdb-tool create $database
elif [[ $(ovsdb-tool needs-conversion $database) == yes ]]; then
    ovsdb-tool convert $database
fi
