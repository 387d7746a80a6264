rm -f /run/keepalived.pid # of a container that was killed; keepalived would not start
