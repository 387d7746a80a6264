package main

import (
	"flag"
	"os"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// flags of a part of ours, with the kubeconfig that all of them take.
func clientFlags() (*flag.FlagSet, func() *kubernetes.Clientset) {
	flags := flag.NewFlagSet(os.Args[0], flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the API server")
	return flags, func() *kubernetes.Clientset {
		flags.Parse(os.Args[1:])
		config := must(clientcmd.BuildConfigFromFlags("", *kubeconfig))
		config.QPS, config.Burst = 5000, 5000
		config.ContentType = "application/vnd.kubernetes.protobuf"
		return must(kubernetes.NewForConfig(config))
	}
}
