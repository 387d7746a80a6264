#!/bin/sh
# Process 1 of a cluster, in namespaces of its own: when it ends, the kernel ends and takes away all of the cluster. It makes the network that the
# nodes are plugged into, and then only is there: until its input ends, or, with KEEP, until it is killed.
# Takes SUBNET (10.89.0).
set -eu
mount -t proc proc /proc
# `ip netns` keeps what it makes below /run, and no other should see that.
mount -t tmpfs tmpfs /run
ip link set lo up
ip link add fabric type bridge
ip address add "$SUBNET.1/24" dev fabric
ip link set fabric up
echo 1 > /proc/sys/net/ipv4/ip_forward
echo ready
if [ -n "${KEEP-}" ]; then exec sleep infinity; fi
exec cat > /dev/null
