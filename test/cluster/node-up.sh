#!/bin/sh
# Switches a node on: plugs it into the fabric and starts its process 1, in namespaces of its own. Runs in those of the fabric.
# Takes SUBNET, NODE (node1), NUMBER (1), NODES (how many), and what node.sh takes.
set -eu
ip netns add "$NODE"
ip link add "$NODE" type veth peer name eth0 netns "$NODE"
ip link set "$NODE" master fabric up
ip route replace "10.244.$NUMBER.0/24" via "$SUBNET.$((10 + NUMBER))"
inside() { nsenter --net="/run/netns/$NODE" "$@"; }
inside ip link set lo up
inside ip address add "$SUBNET.$((10 + NUMBER))/24" dev eth0
inside ip link set eth0 up
inside ip route add default via "$SUBNET.1"
for other in $(seq "$NODES"); do
  [ "$other" = "$NUMBER" ] || inside ip route add "10.244.$other.0/24" via "$SUBNET.$((10 + other))"
done
inside sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; [ ! -e /proc/sys/net/bridge ] || echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables'
exec nsenter --net="/run/netns/$NODE" \
  unshare --mount --pid --uts --ipc --fork --kill-child=KILL --propagation private sh "$SCRIPTS/node.sh"
