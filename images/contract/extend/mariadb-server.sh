# First set-up (DB_ROOT_PASSWORD; DB_MAX_TIMEOUT bounds it), upgrade (DB_HOST, DB_PORT), and BOOTSTRAP_ARGS for the
# member of a Galera cluster that comes first.
log_folder mariadb mysql
if [[ $EUID -eq 0 ]]; then
    install -d -o mysql -g mysql /run/mysqld # for the socket; Debian leaves it to systemd
fi

# Statements for mariadbd's --bootstrap mode, which runs them from its input and ends: no server has to be started,
# waited for and shut down, and no network port is ever open without a password. FLUSH PRIVILEGES loads the grant tables,
# without which that mode knows no accounts.
root_account() {
    local password=${DB_ROOT_PASSWORD//\\/\\\\}
    password=${password//\'/\'\'}
    cat <<SQL
FLUSH PRIVILEGES;
DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host NOT IN ('localhost', '%'));
DROP DATABASE IF EXISTS test;
FLUSH PRIVILEGES;
CREATE USER IF NOT EXISTS 'root'@'localhost', 'root'@'%';
ALTER USER 'root'@'localhost' IDENTIFIED BY '$password', 'root'@'%' IDENTIFIED BY '$password';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION;
GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION;
SQL
}

if is_set KOLLA_BOOTSTRAP; then
    limit=${DB_MAX_TIMEOUT:-60}
    as mysql timeout "$limit" mariadb-install-db --auth-root-authentication-method=normal --skip-test-db
    root_account | as mysql timeout "$limit" mariadbd --bootstrap --wsrep-on=OFF
    exit 0
elif is_set KOLLA_UPGRADE; then
    rm -rf /var/lib/mysql/.pki # a client's folder that mariadb-upgrade takes for a database and stumbles over
    MYSQL_PWD=$DB_ROOT_PASSWORD mariadb-upgrade --host="$DB_HOST" --port="$DB_PORT" --user=root
    exit 0
elif is_set BOOTSTRAP_ARGS; then
    ARGS=$BOOTSTRAP_ARGS
fi
