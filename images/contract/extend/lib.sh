# What the extend files share. Installed as /usr/local/lib/kollage/extend.sh; sourced under errexit, pipefail, nounset.

# is_set NAME: the job variables count as set even when empty.
is_set() { [[ -v $1 ]]; }

# log_folder NAME USER: makes /var/log/kolla/NAME. A container that may not is told, and started all the same: its
# service may log to stderr.
log_folder() {
    local path=/var/log/kolla/$1
    if [[ ! -d $path ]]; then
        mkdir -p "$path" || { echo "warning: cannot make $path" >&2; return 0; }
        chmod 755 "$path"
        [[ $EUID -ne 0 ]] || chown "$2:kolla" "$path"
    fi
}

# as USER COMMAND...: runs it as USER where we are root, else as who we are.
as() {
    local user=$1
    shift
    if [[ $EUID -eq 0 ]]; then
        local home
        home=$(getent passwd "$user" | cut -d: -f6)
        HOME=$home setpriv --reuid="$user" --regid="$user" --init-groups "$@"
    else
        "$@"
    fi
}
