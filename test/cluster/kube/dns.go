package main

import (
	"net"
	"slices"
	"strings"

	"github.com/miekg/dns"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
)

const domain = ".cluster.local."

// Seconds for which an answer may be kept.
const timeToLive = 5

type names struct {
	services corelisters.ServiceLister
	slices   discoverylisters.EndpointSliceLister
}

// serveNames answers for Services and pods (github.com/kubernetes/dns, docs/specification.md). All other names do not exist: there is no way out.
func serveNames() {
	flags, client := clientFlags()
	address := flags.String("listen", ":53", "where it answers")
	factory := informers.NewSharedInformerFactory(client(), 0)
	known := names{factory.Core().V1().Services().Lister(), factory.Discovery().V1().EndpointSlices().Lister()}
	factory.Core().V1().Services().Informer()
	factory.Discovery().V1().EndpointSlices().Informer()
	factory.Start(nil)
	factory.WaitForCacheSync(nil)
	dns.HandleFunc(".", known.answer)
	ended := make(chan error)
	for _, network := range []string{"udp", "tcp"} {
		go func() { ended <- (&dns.Server{Addr: *address, Net: network}).ListenAndServe() }()
	}
	fail(<-ended)
}

func (known names) answer(connection dns.ResponseWriter, request *dns.Msg) {
	reply := new(dns.Msg).SetReply(request)
	reply.Authoritative, reply.RecursionAvailable = true, true
	for _, question := range request.Question {
		records, exists := known.records(question)
		reply.Answer = append(reply.Answer, records...)
		if !exists {
			reply.Rcode = dns.RcodeNameError
		}
	}
	connection.WriteMsg(reply)
}

// records gives what a name has of the type asked for, and whether there is such a name at all.
func (known names) records(question dns.Question) ([]dns.RR, bool) {
	rest, inside := strings.CutSuffix(strings.ToLower(question.Name), domain)
	parts := strings.Split(rest, ".")
	if !inside || len(parts) < 3 {
		return nil, false
	}
	slices.Reverse(parts)
	kind, namespace, name, below := parts[0], parts[1], parts[2], parts[3:]
	slices.Reverse(below)
	if kind == "pod" {
		address := net.ParseIP(strings.ReplaceAll(name, "-", "."))
		return addresses(question, address), address != nil
	}
	service, err := known.services.Services(namespace).Get(name)
	if kind != "svc" || err != nil {
		return nil, false
	}
	switch {
	case service.Spec.Type == core.ServiceTypeExternalName:
		return []dns.RR{&dns.CNAME{Hdr: header(question, dns.TypeCNAME), Target: dns.Fqdn(service.Spec.ExternalName)}}, true
	case len(below) == 2 && strings.HasPrefix(below[0], "_"):
		return known.ports(question, service, below[0], below[1])
	case service.Spec.ClusterIP != core.ClusterIPNone:
		return addresses(question, net.ParseIP(service.Spec.ClusterIP)), len(below) == 0
	}
	var found []dns.RR
	exists := len(below) == 0
	for endpoint := range known.endpoints(service) {
		if len(below) == 0 || len(below) == 1 && below[0] == hostname(endpoint) {
			found = append(found, addresses(question, net.ParseIP(endpoint.Addresses[0]))...)
			exists = true
		}
	}
	return found, exists
}

func (known names) ports(question dns.Question, service *core.Service, name, protocol string) ([]dns.RR, bool) {
	var found []dns.RR
	base := service.Name + "." + service.Namespace + ".svc" + domain
	for _, port := range service.Spec.Ports {
		if "_"+port.Name != name || "_"+strings.ToLower(string(port.Protocol)) != protocol {
			continue
		}
		record := func(target string) {
			if question.Qtype == dns.TypeSRV {
				found = append(found, &dns.SRV{Hdr: header(question, dns.TypeSRV), Port: uint16(port.Port), Target: target})
			}
		}
		if service.Spec.ClusterIP != core.ClusterIPNone {
			record(base)
			return found, true
		}
		for endpoint := range known.endpoints(service) {
			record(hostname(endpoint) + "." + base)
		}
		return found, true
	}
	return nil, false
}

// endpoints are those that serve; of a Service that wants it also those that are not ready.
func (known names) endpoints(service *core.Service) func(yield func(discovery.Endpoint) bool) {
	return func(yield func(discovery.Endpoint) bool) {
		all, _ := known.slices.EndpointSlices(service.Namespace).List(labels.SelectorFromSet(labels.Set{discovery.LabelServiceName: service.Name}))
		for _, slice := range all {
			for _, endpoint := range slice.Endpoints {
				ready := endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
				if (ready || service.Spec.PublishNotReadyAddresses) && !yield(endpoint) {
					return
				}
			}
		}
	}
}

func hostname(endpoint discovery.Endpoint) string {
	if endpoint.Hostname != nil {
		return *endpoint.Hostname
	}
	return strings.ReplaceAll(endpoint.Addresses[0], ".", "-")
}

func addresses(question dns.Question, address net.IP) []dns.RR {
	if address == nil || address.To4() == nil || question.Qtype != dns.TypeA {
		return nil
	}
	return []dns.RR{&dns.A{Hdr: header(question, dns.TypeA), A: address.To4()}}
}

func header(question dns.Question, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: question.Name, Rrtype: kind, Class: dns.ClassINET, Ttl: timeToLive}
}
