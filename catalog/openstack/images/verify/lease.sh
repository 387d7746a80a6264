#!/bin/sh
# What udhcpc calls with a lease. Where there are classless routes (RFC 3442) they take the router's place.
[ "$1" = bound ] || exit 0
ip address flush dev "$interface"
ip address add "$ip/$mask" dev "$interface"
ip link set dev "$interface" mtu "${mtu:-1500}"
routes=$staticroutes
if [ -z "$routes" ] && [ -n "$router" ]; then
  routes="0.0.0.0/0 ${router%% *}"
fi
# shellcheck disable=SC2086 # network, gateway, network, gateway
set -- $routes
while [ $# -gt 1 ]; do
  if [ "$2" = 0.0.0.0 ]; then
    ip route add "$1" dev "$interface"
  else
    ip route add "$1" via "$2" dev "$interface"
  fi
  shift 2
done
