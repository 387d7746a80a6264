log_folder openvswitch openvswitch
# Without the module the userspace datapath still works (datapath_type=netdev), so this is no reason to stop.
modprobe openvswitch 2>/dev/null || echo "warning: the kernel module openvswitch is not available" >&2
