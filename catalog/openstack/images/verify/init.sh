#!/bin/busybox sh
# The guest's only process: brings up its network card by DHCP, asks for its metadata, runs what a user handed to it, and tells
# all of it on the serial port, in lines that begin with `guest:`. It never powers off.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
exec < /dev/null > /dev/ttyS0 2>&1
say() { echo "guest: $*"; }

say "booted Linux $(uname -r)"
for module in /modules/*.ko; do
  insmod "$module"
done
ip link set lo up
ip link set eth0 up || say 'no network card'
until udhcpc -i eth0 -s /bin/lease -O staticroutes -O mtu -f -q -n -t 5 -T 2 > /dev/null; do
  say 'no lease yet'
done
say "address $(ip -4 -o address show dev eth0 | awk '{ print $4 }')"

# timeout, since with its own limit the wget of busybox 1.35 crashes.
metadata=http://169.254.169.254/openstack/latest
until timeout 5 wget -q -O /run/metadata "$metadata/meta_data.json"; do
  say 'no metadata yet'
  sleep 1
done
say "metadata $(sed -n 's/.*"uuid": *"\([^"]*\)".*/\1/p' /run/metadata)"
if timeout 5 wget -q -O /run/user "$metadata/user_data"; then
  sh /run/user 2>&1 | sed 's/^/guest: /'
fi
say 'done'
while true; do
  sleep 3600
done
