# ENABLE_<PLUGIN>=yes or no shows or hides a plugin's panels; without the variable they are as the image has them. The
# style sheets and scripts are made anew (half a minute) only when something that goes into them changed.
log_folder horizon horizon
packages=${HORIZON_PACKAGES:-/usr/lib/python3/dist-packages}
manage=(as horizon python3 "${HORIZON_MANAGE:-/usr/share/openstack-dashboard/manage.py}")

if is_set KOLLA_BOOTSTRAP; then
    "${manage[@]}" migrate --noinput
    exit 0
fi

# show_plugin VARIABLE PYTHON_PACKAGE
show_plugin() {
    is_set "$1" || return 0
    local file target
    for file in "$packages/$2"/{,local/}enabled/_[0-9]*.py; do
        [[ -e $file ]] || continue
        target=$packages/openstack_dashboard/local/enabled/${file##*/}
        if [[ ${!1} == yes ]]; then
            cp "$file" "$target"
        else
            rm -f "$target"
        fi
    done
}
show_plugin ENABLE_BLAZAR blazar_dashboard
show_plugin ENABLE_CLOUDKITTY cloudkittydashboard
show_plugin ENABLE_DESIGNATE designatedashboard
show_plugin ENABLE_FWAAS neutron_fwaas_dashboard
show_plugin ENABLE_HEAT heat_dashboard
show_plugin ENABLE_IRONIC ironic_ui
show_plugin ENABLE_MAGNUM magnum_ui
show_plugin ENABLE_MANILA manila_ui
show_plugin ENABLE_MASAKARI masakaridashboard
show_plugin ENABLE_MISTRAL mistraldashboard
show_plugin ENABLE_NEUTRON_VPNAAS neutron_vpnaas_dashboard
show_plugin ENABLE_OCTAVIA octavia_dashboard
show_plugin ENABLE_TACKER tacker_horizon
show_plugin ENABLE_TROVE trove_dashboard
show_plugin ENABLE_WATCHER watcher_dashboard

# The image's build writes $stamp too (it runs this with HORIZON_STAMP_ONLY set), so that a first start finds its own work done.
assets_fingerprint() {
    local settings=/etc/openstack-dashboard
    {
        ls "$packages/openstack_dashboard/local/enabled" $settings/enabled 2>/dev/null || true
        # The settings that count, however they are written and wherever they stand.
        cat $settings/local_settings.py $settings/local_settings $settings/local_settings.d/*.py 2>/dev/null \
            | grep -E '^(WEBROOT|STATIC_[A-Z]+|[A-Z]+_THEMES?|COMPRESS_[A-Z_]+) *=' | tr -d ' ' | tr \' '"' | sort -u || true
        [[ ! -d $settings/themes ]] || find $settings/themes -type f -exec sha256sum {} + | sort
    } | sha256sum
}
stamp=${HORIZON_STAMP:-/var/lib/openstack-dashboard/.kollage-assets}
fingerprint=$(assets_fingerprint)
if [[ $fingerprint != "$(cat "$stamp" 2>/dev/null || true)" ]]; then
    if ! is_set HORIZON_STAMP_ONLY; then
        "${manage[@]}" collectstatic --noinput --clear
        "${manage[@]}" compress --force
    fi
    echo "$fingerprint" > "$stamp"
fi
