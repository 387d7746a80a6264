package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	content "github.com/containerd/containerd/api/services/content/v1"
	images "github.com/containerd/containerd/api/services/images/v1"
	snapshots "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/api/types"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	snapshotter = "overlayfs"
	configType  = "application/vnd.docker.container.image.v1+json"
	layerType   = "application/vnd.docker.image.rootfs.diff.tar"
)

// image is what somebody else's overlayfs holds: Docker's, or a folder of ours as the only layer.
type image struct {
	Names []string
	// The image's configuration, byte for byte, so that its id stays what it was.
	Config string
	Layers []layer
}

type layer struct{ Diff, Folder string }

type store struct {
	content   content.ContentClient
	images    images.ImagesClient
	snapshots snapshots.SnapshotsClient
}

// bringImages makes images known to a node's containerd without copying a byte: the snapshot of each layer is a link to the folder that holds it
// already. Docker and containerd write layers the same way (docs.kernel.org, filesystems/overlayfs: whiteouts and opaque directories).
func bringImages() {
	flags := flag.NewFlagSet("images", flag.ExitOnError)
	socket := flags.String("socket", "/run/containerd/containerd.sock", "where containerd answers")
	flags.Parse(os.Args[1:])
	connection := must(grpc.NewClient("unix://"+*socket, grpc.WithTransportCredentials(insecure.NewCredentials())))
	node := store{content.NewContentClient(connection), images.NewImagesClient(connection), snapshots.NewSnapshotsClient(connection)}
	ctx := metadata.AppendToOutgoingContext(context.Background(), "containerd-namespace", "k8s.io")
	var wanted []image
	if err := json.NewDecoder(os.Stdin).Decode(&wanted); err != nil {
		fail(err)
	}
	for _, one := range wanted {
		if err := node.bring(ctx, one); err != nil {
			fail(fmt.Errorf("%s: %w", strings.Join(one.Names, ", "), err))
		}
	}
}

func (node store) bring(ctx context.Context, one image) error {
	chain := ""
	for _, layer := range one.Layers {
		parent := chain
		if chain = layer.Diff; parent != "" {
			// image-spec, config.md: Layer ChainID
			chain = digest([]byte(parent + " " + layer.Diff))
		}
		if err := node.link(ctx, parent, chain, layer.Folder); err != nil {
			return err
		}
	}
	// What the manifest calls layers is never read, for all are unpacked; but it has to be there.
	nothing, err := node.write(ctx, layerType, []byte("unpacked elsewhere"), nil)
	if err != nil {
		return err
	}
	config, err := node.write(ctx, configType, []byte(one.Config), map[string]string{"containerd.io/gc.ref.snapshot." + snapshotter: chain})
	if err != nil {
		return err
	}
	manifest := map[string]any{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "config": config}
	layers := make([]descriptor, len(one.Layers))
	for at := range layers {
		layers[at] = nothing
	}
	manifest["layers"] = layers
	target, err := node.write(ctx, manifest["mediaType"].(string), must(json.Marshal(manifest)), map[string]string{
		"containerd.io/gc.ref.content.config": config.Digest, "containerd.io/gc.ref.content.l.0": nothing.Digest,
	})
	if err != nil {
		return err
	}
	for _, name := range one.Names {
		record := &images.Image{Name: name, Target: &types.Descriptor{MediaType: target.MediaType, Digest: target.Digest, Size: target.Size}}
		_, err := node.images.Create(ctx, &images.CreateImageRequest{Image: record})
		if status.Code(err) == codes.AlreadyExists {
			_, err = node.images.Update(ctx, &images.UpdateImageRequest{Image: record})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// link makes the snapshot of a layer on top of its parent.
func (node store) link(ctx context.Context, parent, chain, folder string) error {
	if _, err := node.snapshots.Stat(ctx, &snapshots.StatSnapshotRequest{Snapshotter: snapshotter, Key: chain}); err == nil {
		return nil
	}
	key := "bring-" + chain
	// One that an interrupted run left.
	node.snapshots.Remove(ctx, &snapshots.RemoveSnapshotRequest{Snapshotter: snapshotter, Key: key})
	// Or containerd collects it as garbage, now or later.
	labels := map[string]string{"containerd.io/gc.root": "linked"}
	prepared, err := node.snapshots.Prepare(ctx, &snapshots.PrepareSnapshotRequest{Snapshotter: snapshotter, Key: key, Parent: parent, Labels: labels})
	if err != nil {
		return err
	}
	own, err := ownFolder(prepared.Mounts)
	if err != nil {
		return err
	}
	if err := os.Remove(own); err != nil {
		return err
	}
	if err := os.Symlink(folder, own); err != nil {
		return err
	}
	_, err = node.snapshots.Commit(ctx, &snapshots.CommitSnapshotRequest{Snapshotter: snapshotter, Name: chain, Key: key, Labels: labels})
	return err
}

// ownFolder is where a new snapshot's own files lie: what is mounted as it is where it has no parent, else the upper one of an overlay.
func ownFolder(mounts []*types.Mount) (string, error) {
	for _, mount := range mounts {
		if mount.Type == "bind" {
			return mount.Source, nil
		}
		for _, option := range mount.Options {
			if upper, found := strings.CutPrefix(option, "upperdir="); found {
				return filepath.Clean(upper), nil
			}
		}
	}
	return "", fmt.Errorf("no folder in %v", mounts)
}

type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

func (node store) write(ctx context.Context, mediaType string, data []byte, labels map[string]string) (descriptor, error) {
	written := descriptor{mediaType, digest(data), int64(len(data))}
	if labels == nil {
		labels = map[string]string{}
	}
	labels["containerd.io/gc.root"] = "linked"
	stream, err := node.content.Write(ctx)
	if err != nil {
		return written, err
	}
	request := &content.WriteContentRequest{
		Action: content.WriteAction_COMMIT, Ref: written.Digest, Total: written.Size, Expected: written.Digest, Data: data, Labels: labels,
	}
	if err := stream.Send(request); err == nil {
		_, err = stream.Recv()
		if status.Code(err) != codes.AlreadyExists && err != nil {
			return written, err
		}
	}
	return written, stream.CloseSend()
}

func digest(data []byte) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(data))
}
