package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// authority signs certificates; all lie in one folder.
type authority struct {
	folder      string
	certificate *x509.Certificate
	key         crypto.Signer
	pem         []byte
}

// certificates writes all that the parts of a cluster prove themselves with, and a kubeconfig for each that asks the API server
// (kubernetes.io/docs/setup/best-practices/certificates).
func certificates() {
	flags := flag.NewFlagSet("certificates", flag.ExitOnError)
	folder := flags.String("folder", "", "where they are written")
	server := flags.String("server", "", "the address of the API server, and of its Service, with a comma between")
	nodes := flags.String("nodes", "", "NAME=ADDRESS, with commas between")
	flags.Parse(os.Args[1:])
	if err := os.MkdirAll(*folder, 0o700); err != nil {
		fail(err)
	}
	addresses := strings.Split(*server, ",")
	ca := newAuthority(*folder, "ca")
	names := []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost"}
	ca.sign("apiserver", pkix.Name{CommonName: "kube-apiserver"}, names, append(addresses, "127.0.0.1"))
	ca.sign("apiserver-kubelet-client", pkix.Name{CommonName: "kube-apiserver", Organization: []string{"system:masters"}}, nil, nil)
	newAuthority(*folder, "front-proxy-ca").sign("front-proxy-client", pkix.Name{CommonName: "front-proxy-client"}, nil, nil)
	tokens := newKey()
	writeKey(filepath.Join(*folder, "service-accounts.key"), tokens)
	write(filepath.Join(*folder, "service-accounts.pub"), "PUBLIC KEY", must(x509.MarshalPKIXPublicKey(tokens.Public())))

	ca.kubeconfig("admin", addresses[0], pkix.Name{CommonName: "admin", Organization: []string{"system:masters"}})
	ca.kubeconfig("controller-manager", addresses[0], pkix.Name{CommonName: "system:kube-controller-manager"})
	ca.kubeconfig("scheduler", addresses[0], pkix.Name{CommonName: "system:kube-scheduler"})
	ca.kubeconfig("proxy", addresses[0], pkix.Name{CommonName: "system:kube-proxy"})
	for node := range strings.SplitSeq(*nodes, ",") {
		if name, address, found := strings.Cut(node, "="); found {
			ca.sign(name, pkix.Name{CommonName: name}, []string{name}, []string{address})
			ca.kubeconfig(name, addresses[0], pkix.Name{CommonName: "system:node:" + name, Organization: []string{"system:nodes"}})
		}
	}
}

func newAuthority(folder, name string) authority {
	key := newKey()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	writeKey(filepath.Join(folder, name+".key"), key)
	return authority{folder, must(x509.ParseCertificate(der)), key, write(filepath.Join(folder, name+".crt"), "CERTIFICATE", der)}
}

// sign writes NAME.crt and NAME.key, good for both sides of a connection, and gives what they hold.
func (ca authority) sign(name string, subject pkix.Name, names, addresses []string) (certificate, key []byte) {
	own := newKey()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: subject, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, DNSNames: names,
	}
	for _, address := range addresses {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(address))
	}
	der := must(x509.CreateCertificate(rand.Reader, template, ca.certificate, own.Public(), ca.key))
	key = writeKey(filepath.Join(ca.folder, name+".key"), own)
	return write(filepath.Join(ca.folder, name+".crt"), "CERTIFICATE", der), key
}

func (ca authority) kubeconfig(name, server string, subject pkix.Name) {
	certificate, key := ca.sign("client-"+name, subject, nil, nil)
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &clientcmdapi.Cluster{Server: fmt.Sprintf("https://%s:6443", server), CertificateAuthorityData: ca.pem}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: certificate, ClientKeyData: key}
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: name}
	config.CurrentContext = "test"
	if err := clientcmd.WriteToFile(*config, filepath.Join(ca.folder, name+".kubeconfig")); err != nil {
		fail(err)
	}
}

func newKey() *ecdsa.PrivateKey {
	return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
}

func writeKey(path string, key *ecdsa.PrivateKey) []byte {
	return write(path, "EC PRIVATE KEY", must(x509.MarshalECPrivateKey(key)))
}

func write(path, kind string, der []byte) []byte {
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		fail(err)
	}
	return text
}

func serial() *big.Int {
	return must(rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)))
}
