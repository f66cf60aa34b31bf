package cli

import (
	"slices"
	"strings"
	"testing"
)

// TestReorder holds the lines of docs/cli.md (as far as they are built) and
// what else people type: what the library gets to see.
func TestReorder(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		// The main job.
		{"run pod.yaml", "run -- pod.yaml"},
		{"run --dry-run pod.yaml", "run --dry-run -- pod.yaml"},
		{"run --dry-run=yaml pod.yaml", "run --dry-run=yaml -- pod.yaml"},
		{"run pod.yaml --explain", "run --explain -- pod.yaml"},
		{"run - --wait ready --timeout 60s", "run --wait ready --timeout 60s -- -"},
		{"run a.yaml b.yaml --image nginx=n.tar", "run --image nginx=n.tar -- a.yaml b.yaml"},
		{"run pod.yaml --order shuffle --seed=7", "run --order shuffle --seed=7 -- pod.yaml"},
		// The tutorial, with minipod in kubectl's place.
		{"get pods --show-all -w", "get --show-all -w -- pods"},
		{"get pods --show-all", "get --show-all -- pods"},
		{"logs mc2 -c 1st", "logs -c 1st -- mc2"},
		{"exec mc1 -c 1st -- /bin/cat /usr/share/nginx/html/index.html", "exec -c 1st -- mc1 -- /bin/cat /usr/share/nginx/html/index.html"},
		// Looking.
		{"ps", "ps"},
		{"get pods mc1 -o wide", "get -o wide -- pods mc1"},
		{"get po -owide -A", "get -o wide -A -- po"},
		{"get pods -Aw", "get -A -w -- pods"},
		{"get pods -n kube-system", "-n kube-system get -- pods"},
		{"-n kube-system get pods", "-n kube-system get -- pods"},
		{"get pods -wnkube-system", "-n kube-system get -w -- pods"},
		{"get pods -l app=web,tier!=test", "get -l app=web,tier!=test -- pods"},
		{"describe pod mc1", "describe -- pod mc1"},
		{"logs mc2 -f --tail 5 --since=5m --timestamps --prefix", "logs -f --tail 5 --since=5m --timestamps --prefix -- mc2"},
		{"logs mc2 --tail -1 -p", "logs --tail -1 -p -- mc2"},
		{"logs -f mc2 --all-containers", "logs -f --all-containers -- mc2"},
		{"logs mc2 1st", "logs -- mc2 1st"},
		// Touching.
		{"exec mc1 -it -- sh", "exec -i -t -- mc1 -- sh"},
		{"exec -it mc1 -c 1st -- sh -c ls", "exec -i -t -c 1st -- mc1 -- sh -c ls"},
		{"exec mc1 -itc 1st -- ls --help -n x", "exec -i -t -c 1st -- mc1 -- ls --help -n x"},
		{"exec mc1 -itc=1st -- ls", "exec -i -t -c 1st -- mc1 -- ls"},
		{"exec mc1 -- sh -- x", "exec -- mc1 -- sh -- x"},
		{"delete pod mc1 --now", "delete --now -- pod mc1"},
		{"delete pod mc1 mc2 --grace-period 0 --force", "delete --grace-period 0 --force -- pod mc1 mc2"},
		{"delete pod mc1 --grace-period=-1", "delete --grace-period=-1 -- pod mc1"},
		{"delete -f pod.yaml", "delete -f pod.yaml"},
		{"stop mc1", "stop -- mc1"},
		{"delete -- pod mc1", "delete -- pod mc1"},
		// Images.
		{"image load a.tar b.tar", "image load -- a.tar b.tar"},
		{"image import name rootfs.tar --cmd sh --env A=b", "image import --cmd sh --env A=b -- name rootfs.tar"},
		{"image save nginx debian -o all.tar", "image save -o all.tar -- nginx debian"},
		{"image ls", "image ls"},
		{"image rm nginx", "image rm -- nginx"},
		// The rest, and flags that stand for commands.
		{"validate pod.yaml -v", "-v validate -- pod.yaml"},
		{"doctor --root /tmp/x", "--root /tmp/x doctor"},
		{"completion bash", "completion -- bash"},
		{"help image load", "help -- image load"},
		{"logs --help", "help logs"},
		{"image load x.tar -h", "help image load"},
		{"--help", "help"},
		{"--version", "version"},
		{"", ""},
		{"- pods", "- pods"},
		{"__complete -- logs mc1 -c ", "__complete -- logs mc1 -c "},
		// A pod may be called like a command.
		{"logs help", "logs -- help"},
		{"get pod image", "get -- pod image"},
		// What is wrong stays for the library to complain of.
		{"logs mc2 --nope", "logs --nope -- mc2"},
		{"logs mc2 -fx", "logs -f -fx -- mc2"},
	} {
		root := (&app{}).root()
		got, err := reorder(root, words("minipod "+c.typed))
		if err != nil {
			t.Errorf("%s: %v", c.typed, err)
			continue
		}
		if want := words("minipod " + c.want); !slices.Equal(got, want) {
			t.Errorf("%s\n got %q\nwant %q", c.typed, got[1:], want[1:])
		}
	}
}

// words splits at single blanks; a blank at the end makes an empty word.
func words(line string) []string {
	if line == "minipod " {
		return []string{"minipod"}
	}
	return strings.Split(line, " ")
}

func TestReorderMissesValues(t *testing.T) {
	for _, typed := range []string{"logs mc2 -c", "logs mc2 --tail", "exec mc1 -itc", "get pods -n"} {
		_, err := reorder((&app{}).root(), words("minipod "+typed))
		if err == nil || !strings.HasPrefix(err.Error(), "flag needs an argument: -") {
			t.Errorf("%s: %v", typed, err)
		}
	}
}

// TestFlagNamesAreKnownOnce finds a command's flag that hides a global one: it
// would mean something else depending on where it stands.
func TestFlagNamesAreKnownOnce(t *testing.T) {
	root := (&app{}).root()
	global := flagTable(root.Flags)
	for _, c := range root.Commands {
		for _, cmd := range append(c.Subcommands, c) {
			for name := range flagTable(cmd.Flags) {
				if _, both := global[name]; both {
					t.Errorf("flag %s of %s is a global one too", name, cmd.Name)
				}
			}
		}
	}
}
