#!/bin/sh
# Process 1 of a node: to kill it is to cut the node's power. Its root is an overlay over the host's, so that the host's programs are there and
# nothing is written to them. What a disk keeps lies below $HOME_OF_NODE, and outlives it.
# Takes CLUSTER (its folder), HOME_OF_NODE, NODE, NUMBER, SUBNET, GROUP (the path of its control group), DOCKER (Docker's layers, if there are any).
set -eu
disk=$HOME_OF_NODE
mkdir -p "$disk/upper" "$disk/work" "$disk/root" "$disk/containerd" "$disk/kubelet" "$disk/pods" "$disk/volumes" "$CLUSTER/shared"
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
  [ ! -e "$hierarchy$GROUP/node/cgroup.procs" ] || echo $$ > "$hierarchy$GROUP/node/cgroup.procs"
done

mount -t overlay overlay -o "lowerdir=/,upperdir=$disk/upper,workdir=$disk/work" "$disk/root"
cd "$disk/root"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
here() { mkdir -p "./$2" && mount --bind "$1" "./$2"; }
here "$CLUSTER" "$CLUSTER"
here "$disk/containerd" var/lib/containerd
here "$disk/kubelet" var/lib/kubelet
here "$disk/pods" var/log/pods
here "$disk/volumes" var/lib/test-volumes/node
here "$CLUSTER/shared" var/lib/test-volumes/shared
# Through the overlay Docker's whiteouts would be taken for our own.
[ -z "$DOCKER" ] || here "$DOCKER" "$DOCKER"
# The kubelet sets these for the whole host; it finds what it wants, and leaves them.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=run/setting.$(basename "${setting%=*}")
  echo "${setting#*=}" > "$file"
  mount --bind "$file" "proc/sys/${setting%=*}"
done
mkdir -p .host
pivot_root . .host
cd /
umount -l /.host
mount --make-rshared /

PATH=$CLUSTER/bin:$PATH
export PATH
address=$SUBNET.$((10 + NUMBER))
hostname "$NODE"
printf '127.0.0.1 localhost\n%s %s\n' "$address" "$NODE" > /etc/hosts
echo "nameserver 10.96.0.10" > /run/resolv.conf
mkdir -p /etc/containerd /run/containerd /run/lock
rm -rf /etc/cni/net.d
mkdir -p /etc/cni/net.d
cat > /etc/cni/net.d/10-pods.conflist <<JSON
{ "cniVersion": "0.4.0", "name": "pods", "plugins": [
  { "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
    "ipam": { "type": "host-local", "ranges": [[{ "subnet": "10.244.$NUMBER.0/24" }]], "routes": [{ "dst": "0.0.0.0/0" }] } },
  { "type": "portmap", "capabilities": { "portMappings": true } }
] }
JSON
cat > /etc/containerd/test-cluster.toml <<TOML
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "kollage.dev/box:1"
  tolerate_missing_hugetlb_controller = true
  # Without CAP_SYS_RESOURCE runc cannot lower it below that of its parent.
  restrict_oom_score_adj = true
  enable_unprivileged_ports = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$CLUSTER/bin/cni"
    conf_dir = "/etc/cni/net.d"
TOML
cat > /var/lib/kubelet.yaml <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: $CLUSTER/pki/ca.crt } }
authorization: { mode: Webhook }
tlsCertFile: $CLUSTER/pki/$NODE.crt
tlsPrivateKeyFile: $CLUSTER/pki/$NODE.key
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
cgroupDriver: cgroupfs
cgroupRoot: $GROUP/pods
failCgroupV1: false
failSwapOn: false
resolvConf: /run/resolv.conf
evictionHard: { memory.available: 100Mi, nodefs.available: "1%", imagefs.available: "1%", nodefs.inodesFree: "1%" }
imageGCHighThresholdPercent: 100
# That a node is lost is known in seconds: it renews its lease every two.
nodeLeaseDurationSeconds: 8
YAML

kept() {
  log=$CLUSTER/log/$NODE-$1.log
  shift
  while :; do
    "$@" >> "$log" 2>&1 || true
    sleep 1
  done
}
kept containerd containerd --config /etc/containerd/test-cluster.toml &
until ctr version > /dev/null 2>&1; do sleep 0.05; done
kube images < "$CLUSTER/images.json"
kept kubelet kubelet --config=/var/lib/kubelet.yaml --kubeconfig="$CLUSTER/pki/$NODE.kubeconfig" --hostname-override="$NODE" --node-ip="$address" \
  --node-labels="topology.kubernetes.io/zone=zone$NUMBER" &
kept kube-proxy kube-proxy --kubeconfig="$CLUSTER/pki/proxy.kubeconfig" --hostname-override="$NODE" --proxy-mode=iptables --cluster-cidr=10.244.0.0/16 \
  --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0 &
while :; do wait; done
