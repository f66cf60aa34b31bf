package pod

import (
	"net"
	"os"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
)

// admit gives a pod what the API server and the scheduler would: a uid, a time
// of creation, a node. The argument is not changed.
func admit(p *v1.Pod) *v1.Pod {
	p = p.DeepCopy()
	// Always a new one, as the API server does: directories, groups and pins
	// are called by it, and no two pods may share them.
	p.UID = uuid.NewUUID()
	p.CreationTimestamp = metav1.NewTime(time.Now().Truncate(time.Second))
	p.Spec.NodeName = nodeName()
	return p
}

// maxHostname is the kernel's limit and the one the kubelet cuts at
// (pkg/kubelet/util/util.go, GetNodenameForKernel and truncatePodHostnameIfNeeded).
const maxHostname = 63

// hostname is what the containers of the pod are called.
func hostname(p *v1.Pod) string {
	if p.Spec.HostNetwork {
		return nodeName()
	}
	name := p.Spec.Hostname
	if name == "" {
		name = p.Name
	}
	if len(name) > maxHostname {
		name = strings.TrimRight(name[:maxHostname], "-.")
	}
	return name
}

// hostsHeader is the kubelet's (pkg/kubelet/kubelet_pods.go, managedHostsHeader).
const hostsHeader = "# Kubernetes-managed hosts file.\n"

// etcFiles are the files of /etc that the kubelet manages, by name.
func etcFiles(p *v1.Pod) (map[string]string, error) {
	hosts := hostsHeader + "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n" +
		"fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n" +
		"127.0.0.1\t" + hostname(p) + "\n" // until a pod has an address of its own
	if p.Spec.HostNetwork {
		own, err := readIfThere("/etc/hosts")
		if err != nil {
			return nil, err
		}
		hosts = strings.TrimSuffix(hostsHeader, ".\n") + " (host network).\n" + own
	}
	resolv, err := readIfThere("/etc/resolv.conf")
	if err != nil {
		return nil, err
	}
	return map[string]string{"hosts": hosts, "hostname": hostname(p) + "\n", "resolv.conf": resolv}, nil
}

func readIfThere(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return "", err
	}
	return string(b), nil
}

// hostIPs are the host's own addresses for status.hostIPs, IPv4 first.
func hostIPs() []string {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil // a status without them is still true
	}
	var four, six []string
	for _, a := range addresses {
		ip, ok := a.(*net.IPNet)
		switch {
		case !ok || !ip.IP.IsGlobalUnicast():
		case ip.IP.To4() != nil:
			four = append(four, ip.IP.String())
		default:
			six = append(six, ip.IP.String())
		}
	}
	// One of each family, as status.hostIPs has them.
	return append(four[:min(1, len(four))], six[:min(1, len(six))]...)
}
