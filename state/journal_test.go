package state

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

func TestJournalSurvivesATornRecord(t *testing.T) {
	d := testDirs(t)
	rapid.Check(t, func(t *rapid.T) {
		o, err := Claim(d, "default", "web")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = o.Remove() }()
		if err := o.WriteSpec(testPod()); err != nil {
			t.Fatal(err)
		}
		line := rapid.SliceOfN(rapid.Byte().Filter(func(b byte) bool { return b != '\n' }), 0, 60)
		records := rapid.SliceOfN(line, 0, 8).Draw(t, "records")
		j, err := o.Journal()
		if err != nil {
			t.Fatal(err)
		}
		ends := []int64{j.size}
		for _, r := range records {
			if err := j.Append(r); err != nil {
				t.Fatal(err)
			}
			ends = append(ends, j.size)
		}
		cut := rapid.Int64Range(0, j.size).Draw(t, "cut")
		whole := 0
		for whole+1 < len(ends) && ends[whole+1] <= cut {
			whole++
		}
		if err := os.Truncate(o.Dir()+"/journal", cut); err != nil {
			t.Fatal(err)
		}
		if err := o.Release(); err != nil {
			t.Fatal(err)
		}
		if o, err = Adopt(d, "default", "web"); err != nil {
			t.Fatal(err)
		}
		expect(t, o, records[:whole])
		// The successor's records start on a line of their own.
		if j, err = o.Journal(); err != nil {
			t.Fatal(err)
		}
		if err := j.Append([]byte("after")); err != nil {
			t.Fatal(err)
		}
		expect(t, o, append(records[:whole:whole], []byte("after")))
	})
}

func expect(t *rapid.T, o *Owned, want [][]byte) {
	t.Helper()
	got, err := o.Records()
	if err != nil || len(got) != len(want) {
		t.Fatalf("records %q, want %q (%v)", got, want, err)
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("record %d is %q, want %q", i, got[i], want[i])
		}
	}
}

func TestJournalRefuses(t *testing.T) {
	d := testDirs(t)
	o := mustClaim(t, d)
	if _, err := o.Journal(); err == nil {
		t.Error("a journal without a specification")
	}
	must(t, o.WriteSpec(testPod()))
	j, err := o.Journal()
	must(t, err)
	if j.Append([]byte("two\nlines")) == nil {
		t.Error("a record with a newline")
	}
	must(t, j.Append([]byte("one")), j.Append([]byte("two")))
	path := o.Dir() + "/journal"
	data, err := os.ReadFile(path)
	must(t, err)
	data[bytes.Index(data, []byte("one"))] = 'X'
	must(t, os.WriteFile(path, data, 0o600))
	if _, err := o.Records(); !errors.Is(err, errCorrupt) {
		t.Errorf("damage in the middle: %v", err)
	}
	must(t, o.Remove())
}

// A disk that fills up in the middle of a record must not spoil the next one.
func TestJournalOnAFullDisk(t *testing.T) {
	mnt := t.TempDir()
	if err := unix.Mount("full", mnt, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no tmpfs: %v", err)
	}
	defer func() { must(t, unix.Unmount(mnt, unix.MNT_DETACH)) }()
	d := Dirs{Run: mnt}
	o := mustClaim(t, d)
	must(t, o.WriteSpec(testPod()))
	j, err := o.Journal()
	must(t, err)
	n := 0
	for err = nil; err == nil; n++ {
		err = j.Append(fmt.Appendf(nil, "record %d %0900d", n, 0))
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("full disk: %v", err)
	}
	got, err := o.Records()
	if err != nil || len(got) != n-1 {
		t.Errorf("%d records (%v), want %d", len(got), err, n-1)
	}
	must(t, o.Remove())
}

func BenchmarkStartWrites(b *testing.B) {
	dir, err := os.MkdirTemp("/dev/shm", "state")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	d := Dirs{Run: dir}
	pod := testPod()
	step := []byte(`{"n":1,"op":"do","what":{"kind":"netns.create","step":{"Path":"/run/minipod/pods/default_web/net"}}}`)
	b.Run("claim+spec+remove", func(b *testing.B) {
		for b.Loop() {
			o, err := Claim(d, "default", "web")
			if err = errors.Join(err, o.WriteSpec(pod), o.Remove()); err != nil {
				b.Fatal(err)
			}
		}
	})
	o, err := Claim(d, "default", "web")
	if err = errors.Join(err, o.WriteSpec(pod)); err != nil {
		b.Fatal(err)
	}
	j, err := o.Journal()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("journal", func(b *testing.B) {
		for b.Loop() {
			if err := j.Append(step); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("status", func(b *testing.B) {
		for b.Loop() {
			if err := o.WriteStatus(pod); err != nil {
				b.Fatal(err)
			}
		}
	})
	if err := o.Remove(); err != nil {
		b.Fatal(err)
	}
}
