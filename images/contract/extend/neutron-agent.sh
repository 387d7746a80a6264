# For all of Neutron's agents. KOLLA_LEGACY_IPTABLES: hosts whose other software uses the old tables need the old tools, since
# a packet would otherwise pass two sets of rules.
log_folder neutron neutron
if [[ $EUID -eq 0 ]] && command -v update-alternatives >/dev/null && update-alternatives --query iptables >/dev/null 2>&1; then
    for tool in iptables ip6tables; do
        if [[ ${KOLLA_LEGACY_IPTABLES:-false} == true ]]; then
            update-alternatives --set $tool /usr/sbin/$tool-legacy
        else
            update-alternatives --auto $tool
        fi
    done
fi
