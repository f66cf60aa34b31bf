package state

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
)

// A record on disk is one line: eight hex digits of CRC-32C, a blank, the
// record. The first record of a file names its version.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameHead is the length of the checksum and the blank.
const frameHead = 9

// errCorrupt is a bad record that is not the last one: no crash leaves that.
var errCorrupt = errors.New("checksum does not match")

func appendFrame(buf, record []byte) []byte {
	sum := crc32.Checksum(record, castagnoli)
	buf = hex.AppendEncode(buf, []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	buf = append(buf, ' ')
	buf = append(buf, record...)
	return append(buf, '\n')
}

// parseFrames returns the records of data and the length of the part that they
// take. What comes after it is a record that was torn when its writer died.
func parseFrames(data []byte) (records [][]byte, whole int, err error) {
	for whole < len(data) {
		end := bytes.IndexByte(data[whole:], '\n')
		if end < 0 {
			break
		}
		line, next := data[whole:whole+end], whole+end+1
		record, ok := unframe(line)
		if !ok && next < len(data) {
			return records, whole, fmt.Errorf("record %d: %w", len(records)+1, errCorrupt)
		}
		if !ok {
			break
		}
		records, whole = append(records, record), next
	}
	return records, whole, nil
}

func unframe(line []byte) ([]byte, bool) {
	if len(line) < frameHead || line[frameHead-1] != ' ' {
		return nil, false
	}
	var sum [4]byte
	if _, err := hex.Decode(sum[:], line[:frameHead-1]); err != nil {
		return nil, false
	}
	want := uint32(sum[0])<<24 | uint32(sum[1])<<16 | uint32(sum[2])<<8 | uint32(sum[3])
	record := line[frameHead:]
	return record, crc32.Checksum(record, castagnoli) == want
}
