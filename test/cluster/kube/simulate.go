package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
)

const (
	workers = 32
	// How often a node says that it lives; it is given up after the controller manager's --node-monitor-grace-period.
	heartbeat = 20 * time.Second
	leases    = "kube-node-lease"
)

type simulation struct {
	client    *kubernetes.Clientset
	prefix    string
	count     int
	addresses atomic.Int64
}

// simulate plays the kubelets of many nodes that are not there: their Node objects, heartbeats, and the status of the pods that are bound to them.
// Pods that are to end (of Jobs) have ended well as soon as they ran; all others are ready at once.
func simulate() {
	flags, connect := clientFlags()
	count := flags.Int("nodes", 1000, "how many")
	prefix := flags.String("prefix", "simulated-", "what their names begin with")
	client := connect()
	played := &simulation{client: client, prefix: *prefix, count: *count}
	played.each(played.register)
	fmt.Println("registered")
	go func() {
		for range time.Tick(heartbeat) {
			played.each(played.beat)
		}
	}()
	pods := make(chan *core.Pod, 100_000)
	for range workers {
		go func() {
			for pod := range pods {
				if err := played.advance(pod); err != nil && !errors.IsNotFound(err) && !errors.IsConflict(err) {
					fmt.Fprintln(os.Stderr, err)
				}
			}
		}()
	}
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(slim))
	factory.Core().V1().Pods().Informer().AddEventHandler(onChange(func(pod *core.Pod) error {
		if strings.HasPrefix(pod.Spec.NodeName, played.prefix) && (pod.DeletionTimestamp != nil || pod.Status.Phase == core.PodPending || pod.Status.Phase == core.PodRunning && ends(pod)) {
			pods <- pod
		}
		return nil
	}))
	factory.Start(nil)
	select {}
}

// Nobody reads these, and there are many.
func slim(object any) (any, error) {
	if pod, ok := object.(*core.Pod); ok {
		pod.ManagedFields = nil
	}
	return object, nil
}

func (played *simulation) each(act func(number int) error) {
	numbers := make(chan int)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for number := range numbers {
				if err := act(number); err != nil {
					fmt.Fprintln(os.Stderr, err)
				}
			}
		})
	}
	for number := range played.count {
		numbers <- number
	}
	close(numbers)
	running.Wait()
}

func (played *simulation) name(number int) string {
	return fmt.Sprintf("%s%d", played.prefix, number)
}

func (played *simulation) register(number int) error {
	name, now := played.name(number), meta.Now()
	room := core.ResourceList{
		core.ResourceCPU: resource.MustParse("32"), core.ResourceMemory: resource.MustParse("256Gi"),
		core.ResourcePods: resource.MustParse("110"), core.ResourceEphemeralStorage: resource.MustParse("500Gi"),
	}
	node := &core.Node{
		ObjectMeta: meta.ObjectMeta{Name: name, Labels: map[string]string{
			core.LabelHostname: name, core.LabelOSStable: "linux", core.LabelArchStable: "amd64", core.LabelTopologyZone: fmt.Sprintf("zone%d", number%3+1), "simulated": "true",
		}},
		Status: core.NodeStatus{
			Capacity: room, Allocatable: room,
			NodeInfo:  core.NodeSystemInfo{KubeletVersion: "simulated", OperatingSystem: "linux", Architecture: "amd64"},
			Addresses: []core.NodeAddress{{Type: core.NodeInternalIP, Address: fmt.Sprintf("10.90.%d.%d", number/250, number%250+1)}, {Type: core.NodeHostName, Address: name}},
			Conditions: []core.NodeCondition{
				{Type: core.NodeReady, Status: core.ConditionTrue, Reason: "Simulated", LastHeartbeatTime: now, LastTransitionTime: now},
				{Type: core.NodeMemoryPressure, Status: core.ConditionFalse, Reason: "Simulated", LastHeartbeatTime: now, LastTransitionTime: now},
				{Type: core.NodeDiskPressure, Status: core.ConditionFalse, Reason: "Simulated", LastHeartbeatTime: now, LastTransitionTime: now},
				{Type: core.NodePIDPressure, Status: core.ConditionFalse, Reason: "Simulated", LastHeartbeatTime: now, LastTransitionTime: now},
			},
		},
	}
	if _, err := played.client.CoreV1().Nodes().Create(context.Background(), node, meta.CreateOptions{}); err != nil && !errors.IsAlreadyExists(err) {
		return err
	}
	seconds, renewed := int32(2*heartbeat/time.Second), meta.NowMicro()
	lease := &coordination.Lease{
		ObjectMeta: meta.ObjectMeta{Name: name, Namespace: leases},
		Spec:       coordination.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &renewed},
	}
	if _, err := played.client.CoordinationV1().Leases(leases).Create(context.Background(), lease, meta.CreateOptions{}); err != nil && !errors.IsAlreadyExists(err) {
		return err
	}
	return nil
}

func (played *simulation) beat(number int) error {
	renewed := map[string]any{"spec": map[string]any{"renewTime": meta.NowMicro()}}
	_, err := played.client.CoordinationV1().Leases(leases).Patch(context.Background(), played.name(number), types.MergePatchType, must(json.Marshal(renewed)), meta.PatchOptions{})
	return err
}

// advance does with a pod what a kubelet would do next.
func (played *simulation) advance(pod *core.Pod) error {
	pods := played.client.CoreV1().Pods(pod.Namespace)
	if pod.DeletionTimestamp != nil {
		now := int64(0)
		return pods.Delete(context.Background(), pod.Name, meta.DeleteOptions{GracePeriodSeconds: &now, Preconditions: &meta.Preconditions{UID: &pod.UID}})
	}
	status := played.status(pod)
	_, err := pods.Patch(context.Background(), pod.Name, types.MergePatchType, must(json.Marshal(map[string]any{"status": status})), meta.PatchOptions{}, "status")
	return err
}

func ends(pod *core.Pod) bool {
	return pod.Spec.RestartPolicy != core.RestartPolicyAlways
}

func (played *simulation) status(pod *core.Pod) core.PodStatus {
	now, started := meta.Now(), true
	status := core.PodStatus{Phase: core.PodRunning, PodIP: pod.Status.PodIP, StartTime: pod.Status.StartTime}
	if status.PodIP == "" {
		number := played.addresses.Add(1)
		status.PodIP, status.StartTime = fmt.Sprintf("10.%d.%d.%d", 128+number/62500, number/250%250, number%250+1), &now
	}
	status.PodIPs = []core.PodIP{{IP: status.PodIP}}
	over := pod.Status.Phase == core.PodRunning && ends(pod)
	ended := core.ContainerState{Terminated: &core.ContainerStateTerminated{Reason: "Completed", StartedAt: now, FinishedAt: now}}
	running := core.ContainerState{Running: &core.ContainerStateRunning{StartedAt: now}}
	ready := core.ConditionTrue
	if over {
		status.Phase, ready, running = core.PodSucceeded, core.ConditionFalse, ended
	}
	for _, kind := range []core.PodConditionType{core.PodReady, core.ContainersReady} {
		status.Conditions = append(status.Conditions, core.PodCondition{Type: kind, Status: ready, LastTransitionTime: now})
	}
	for _, kind := range []core.PodConditionType{core.PodInitialized, core.PodScheduled} {
		status.Conditions = append(status.Conditions, core.PodCondition{Type: kind, Status: core.ConditionTrue, LastTransitionTime: now})
	}
	for _, container := range pod.Spec.InitContainers {
		status.InitContainerStatuses = append(status.InitContainerStatuses, core.ContainerStatus{Name: container.Name, Image: container.Image, Ready: true, State: ended})
	}
	for _, container := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, core.ContainerStatus{Name: container.Name, Image: container.Image, Ready: !over, Started: &started, State: running})
	}
	return status
}
