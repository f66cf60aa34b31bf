package state

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Journal is an append-only file of records, each with a checksum. It belongs
// to one goroutine and is closed with the Owned that it came from.
type Journal struct {
	file *os.File
	size int64
	buf  []byte
}

// Journal opens the pod's journal where its whole records end. WriteSpec comes
// before it: a journal without a pod would be an orphan that nobody sees.
func (o *Owned) Journal() (*Journal, error) {
	if o.journal != nil {
		return o.journal, nil
	}
	if !o.spec {
		return nil, errors.New("bug in minipod: journal opened before the specification was written")
	}
	var err error
	o.journal, err = openJournal(o.dir, journalFile)
	return o.journal, err
}

// Records reads the pod's journal, oldest first, as its last owner left it. A
// torn last record is left out: it was never promised. No journal is no records.
func (o *Owned) Records() ([][]byte, error) { return readRecords(o.dir, journalFile) }

func openJournal(dir *os.Root, name string) (*Journal, error) {
	f, err := dir.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	j := &Journal{file: f}
	if err := j.mend(dir, name); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

// mend cuts off a torn record, so that the next one starts on its own line.
func (j *Journal) mend(dir *os.Root, name string) error {
	info, err := j.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return j.Append([]byte(Version))
	}
	data, err := dir.ReadFile(name)
	if err != nil {
		return err
	}
	_, whole, err := parseFrames(data)
	if err != nil {
		return fmt.Errorf("%s: %w", j.file.Name(), err)
	}
	j.size = int64(whole)
	if err := j.file.Truncate(j.size); err != nil {
		return err
	}
	if j.size == 0 {
		return j.Append([]byte(Version))
	}
	return nil
}

// Append adds one record, which must not contain a newline. When it returns
// nil, the record survives the death of this process. After an error the
// journal is as it was before.
func (j *Journal) Append(record []byte) error {
	if bytes.IndexByte(record, '\n') >= 0 {
		return errors.New("bug in minipod: record with a newline")
	}
	j.buf = appendFrame(j.buf[:0], record)
	n, err := j.file.Write(j.buf)
	if err != nil {
		if n > 0 { // a full disk: what was half written would spoil the next record
			err = errors.Join(err, j.file.Truncate(j.size))
		}
		return err
	}
	j.size += int64(n)
	return nil
}

func (j *Journal) close() error { return j.file.Close() }

func readRecords(dir *os.Root, name string) ([][]byte, error) {
	data, err := dir.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	records, _, err := parseFrames(data)
	if err != nil {
		return nil, fmt.Errorf("%s/%s: %w", dir.Name(), name, err)
	}
	if len(records) == 0 {
		return nil, nil
	}
	if string(records[0]) != Version {
		return nil, fmt.Errorf("%s/%s: %w %q", dir.Name(), name, ErrVersion, records[0])
	}
	return records[1:], nil
}
