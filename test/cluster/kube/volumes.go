package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const (
	provisioner = "kollage.dev/test-cluster"
	// A class of this name gives folders that all nodes see, as storage on a network does; any other one those of a node.
	sharedClass = "shared"
	// Where nodes see them.
	nodeVolumes, sharedVolumes = "/var/lib/test-volumes/node", "/var/lib/test-volumes/shared"
	selectedNode               = "volume.kubernetes.io/selected-node"
	provisionedBy              = "pv.kubernetes.io/provisioned-by"
)

type volumes struct {
	client *kubernetes.Clientset
	root   string
}

// provideVolumes makes the volumes that claims ask for, as folders below --root, and takes them away with their claims.
func provideVolumes() {
	flags, connect := clientFlags()
	root := flags.String("root", "", "the folder of the cluster")
	client := connect()
	provider := volumes{client, *root}
	factory := informers.NewSharedInformerFactory(client, 10*time.Second)
	claims, made := factory.Core().V1().PersistentVolumeClaims().Informer(), factory.Core().V1().PersistentVolumes().Informer()
	claims.AddEventHandler(onChange(provider.provide))
	made.AddEventHandler(onChange(provider.reclaim))
	factory.Start(nil)
	select {}
}

func onChange[T any](act func(T) error) cache.ResourceEventHandlerFuncs {
	told := func(object any) {
		if err := act(object.(T)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	return cache.ResourceEventHandlerFuncs{AddFunc: told, UpdateFunc: func(_, object any) { told(object) }}
}

func (provider volumes) provide(claim *core.PersistentVolumeClaim) error {
	node := claim.Annotations[selectedNode]
	class := claim.Spec.StorageClassName
	if claim.Status.Phase != core.ClaimPending || claim.Spec.VolumeName != "" || class == nil || claim.Annotations["volume.kubernetes.io/storage-provisioner"] != provisioner {
		return nil
	}
	if *class != sharedClass && node == "" {
		return nil
	}
	name := "pvc-" + string(claim.UID)
	volume := &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: name, Annotations: map[string]string{provisionedBy: provisioner}},
		Spec: core.PersistentVolumeSpec{
			AccessModes: claim.Spec.AccessModes, Capacity: claim.Spec.Resources.Requests, StorageClassName: *class, VolumeMode: claim.Spec.VolumeMode,
			PersistentVolumeReclaimPolicy: core.PersistentVolumeReclaimDelete,
			ClaimRef:                      &core.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID},
		},
	}
	if *class == sharedClass {
		volume.Spec.HostPath = &core.HostPathVolumeSource{Path: filepath.Join(sharedVolumes, name)}
	} else {
		volume.Spec.Local = &core.LocalVolumeSource{Path: filepath.Join(nodeVolumes, name)}
		here := core.NodeSelectorRequirement{Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{node}}
		terms := []core.NodeSelectorTerm{{MatchExpressions: []core.NodeSelectorRequirement{here}}}
		volume.Spec.NodeAffinity = &core.VolumeNodeAffinity{Required: &core.NodeSelector{NodeSelectorTerms: terms}}
	}
	folder := provider.folder(volume)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	// On folders of a host Kubernetes does not apply fsGroup.
	if *class == sharedClass {
		if err := os.Chmod(folder, 0o777); err != nil {
			return err
		}
	}
	_, err := provider.client.CoreV1().PersistentVolumes().Create(context.Background(), volume, meta.CreateOptions{})
	if errors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func (provider volumes) reclaim(volume *core.PersistentVolume) error {
	if volume.Status.Phase != core.VolumeReleased || volume.Annotations[provisionedBy] != provisioner || volume.DeletionTimestamp != nil {
		return nil
	}
	if err := os.RemoveAll(provider.folder(volume)); err != nil {
		return err
	}
	return provider.client.CoreV1().PersistentVolumes().Delete(context.Background(), volume.Name, meta.DeleteOptions{})
}

// folder is where a volume lies for us.
func (provider volumes) folder(volume *core.PersistentVolume) string {
	if volume.Spec.Local == nil {
		return filepath.Join(provider.root, "shared", volume.Name)
	}
	node := volume.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions[0].Values[0]
	return filepath.Join(provider.root, node, "volumes", volume.Name)
}
