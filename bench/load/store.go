package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
)

const (
	storePath        = "/bench.v1.BenchService/Store"
	uploadStorePath  = "/bourse.upload.v1.UploadService/Upload"
	startUploadPath  = "/bourse.upload.v1.UploadService/StartUpload"
	uploadChunkPath  = "/bourse.upload.v1.UploadService/UploadChunk"
	finishUploadPath = "/bourse.upload.v1.UploadService/FinishUpload"
	abortUploadPath  = "/bourse.upload.v1.UploadService/AbortUpload"
	mebibyte         = 1 << 20
	// A file of the warm-up has this fraction of the size.
	warmShare       = 16
	largeChunkBytes = 512 << 10
	chunksInFlight  = 2
	// The length of the varint of an offset; enough for 32 GiB.
	offsetBytes = 5
)

// store sends a file on one stream, and counts megabytes until the server acknowledges it as stored.
func store(with settings) (result, error) {
	return transfer(with, func(c *connection, mebibytes int) error {
		if with.watch == "hub" {
			return storeByUpload(c, mebibytes)
		}
		return storePlain(c, mebibytes)
	})
}

// chunks sends a file in unary calls, two in flight.
func chunks(with settings) (result, error) {
	return transfer(with, storeByChunks)
}

func transfer(with settings, send func(*connection, int) error) (result, error) {
	c, err := dial(with.address)
	if err != nil {
		return result{}, err
	}
	defer c.close()
	warm := with.size / warmShare
	computeDigests(warm, with.size)
	for began := time.Now(); time.Since(began) < with.warm; {
		if err := send(c, warm); err != nil {
			return result{}, err
		}
		// Frees the page cache of the file, so that the next file reuses it.
		if err := deleteUploads(c, with); err != nil {
			return result{}, err
		}
	}
	running := startMeter(with.pid)
	if err := send(c, with.size); err != nil {
		return result{}, err
	}
	return result{span: running.stop(with.pid, float64(with.size)*mebibyte/bytesInAMega)}, deleteUploads(c, with)
}

func storePlain(c *connection, mebibytes int) error {
	receiver := &answerReceiver{ended: make(chan error, 1)}
	s := c.open(storePath, receiver)
	if err := sendChunks(s, appendEnvelope(nil, chunkMessage()), mebibytes); err != nil {
		return err
	}
	if err := endStream(s, receiver); err != nil {
		return err
	}
	return checkHash(receiver.answer, 2, mebibytes)
}

func storeByUpload(c *connection, mebibytes int) error {
	receiver := &answerReceiver{ended: make(chan error, 1)}
	s := c.open(uploadStorePath, receiver)
	start := field(1, field(1, field(1, []byte(newUpload()))))
	if err := s.send(appendEnvelope(nil, start), false); err != nil {
		return err
	}
	chunk := field(2, field(2, chunkMessage()[4:]))
	if err := sendChunks(s, appendEnvelope(nil, chunk), mebibytes); err != nil {
		return err
	}
	finish := field(3, nil)
	if err := s.send(appendEnvelope(nil, finish), false); err != nil {
		return err
	}
	if err := endStream(s, receiver); err != nil {
		return err
	}
	return checkUpload(receiver.answer, mebibytes)
}

func storeByChunks(c *connection, mebibytes int) error {
	id := newUpload()
	if _, err := callOnce(c, startUploadPath, field(1, field(1, []byte(id)))); err != nil {
		return err
	}
	count := mebibytes * mebibyte / largeChunkBytes
	answers := make(chan error, chunksInFlight)
	envelope, offset := chunkCall(id)
	send := func(index int) error {
		putOffset(offset, index*largeChunkBytes)
		if err := c.open(uploadChunkPath, &answerReceiver{ended: answers}).send(envelope, true); err != nil {
			return err
		}
		return c.flush()
	}
	sent := 0
	for ; sent < min(chunksInFlight, count); sent++ {
		if err := send(sent); err != nil {
			return err
		}
	}
	for range count {
		if err := <-answers; err != nil {
			return err
		}
		if sent < count {
			if err := send(sent); err != nil {
				return err
			}
			sent++
		}
	}
	finish := append(field(1, []byte(id)), 2<<3, 1, 3<<3)
	finish = binary.AppendUvarint(finish, uint64(count*largeChunkBytes))
	answer, err := callOnce(c, finishUploadPath, finish)
	if err != nil {
		return err
	}
	return checkUpload(answer, mebibytes)
}

// chunkCall returns the enveloped message of a chunk, and the slice of it that holds the offset. The caller reuses the
// message for all chunks, because copying each chunk would make the client the bottleneck.
func chunkCall(id string) (envelope, offset []byte) {
	head := append(field(1, []byte(id)), 2<<3, 1, 3<<3)
	message := append(head, make([]byte, offsetBytes)...)
	message = append(message, field(4, bytes.Repeat(chunkMessage()[4:], largeChunkBytes/chunkBytes))...)
	envelope = appendEnvelope(nil, message)
	at := len(envelope) - len(message) + len(head)
	return envelope, envelope[at : at+offsetBytes]
}

// putOffset writes a varint that is padded to the length of target.
func putOffset(target []byte, offset int) {
	for index := range target {
		target[index] = byte(offset>>(7*index))&0x7f | 0x80
	}
	target[len(target)-1] &= 0x7f
}

var uploadIDs []string

func newUpload() string {
	var id [16]byte
	rand.Read(id[:])
	text := fmt.Sprintf("%x-%x-4%x-8%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
	// The version and the variant of a UUID replace one digit each: https://www.rfc-editor.org/rfc/rfc9562#section-5.4.
	text = text[:14] + "4" + text[16:19] + "-8" + text[22:25] + text[25:]
	uploadIDs = append(uploadIDs, text)
	return text
}

// deleteUploads deletes the stored uploads.
func deleteUploads(c *connection, with settings) error {
	if with.watch != "hub" {
		receiver := &answerReceiver{ended: make(chan error, 1)}
		return endStream(c.open(storePath, receiver), receiver)
	}
	for _, id := range uploadIDs {
		if _, err := callOnce(c, abortUploadPath, field(1, []byte(id))); err != nil {
			return err
		}
	}
	uploadIDs = nil
	return nil
}

func sendChunks(s *stream, envelope []byte, mebibytes int) error {
	for range mebibytes * mebibyte / chunkBytes {
		if err := s.send(envelope, false); err != nil {
			return err
		}
	}
	return nil
}

func endStream(s *stream, receiver *answerReceiver) error {
	if err := s.send(nil, true); err != nil {
		return err
	}
	if err := s.conn.flush(); err != nil {
		return err
	}
	return <-receiver.ended
}

func callOnce(c *connection, path string, message []byte) ([]byte, error) {
	receiver := &answerReceiver{ended: make(chan error, 1)}
	if _, err := c.call(path, message, receiver); err != nil {
		return nil, err
	}
	if err := c.flush(); err != nil {
		return nil, err
	}
	select {
	case err := <-receiver.ended:
		return receiver.answer, err
	case <-time.After(time.Minute):
		return nil, fmt.Errorf("no response to %s after a minute", path)
	}
}

// checkUpload verifies that the upload in a response is complete and has the hash of the sent bytes.
func checkUpload(answer []byte, mebibytes int) error {
	const upload, state, complete, sum = 1, 2, 3, 6
	var inner []byte
	if err := fields(answer, func(number int, _ uint64, value []byte) error {
		if number == upload {
			inner = value
		}
		return nil
	}); err != nil {
		return err
	}
	var current uint64
	if err := fields(inner, func(number int, value uint64, _ []byte) error {
		if number == state {
			current = value
		}
		return nil
	}); err != nil {
		return err
	}
	if current != complete {
		return fmt.Errorf("the upload is in state %d, not complete", current)
	}
	return checkHash(inner, sum, mebibytes)
}

// The SHA-256 of the files by size in MiB. They are computed before the measurement.
var digests = map[int][]byte{}

func computeDigests(sizes ...int) {
	chunk := chunkMessage()[4:]
	for _, mebibytes := range sizes {
		sum := sha256.New()
		for range mebibytes * mebibyte / chunkBytes {
			sum.Write(chunk)
		}
		digests[mebibytes] = sum.Sum(nil)
	}
}

func checkHash(message []byte, at, mebibytes int) error {
	var got []byte
	if err := fields(message, func(number int, _ uint64, value []byte) error {
		if number == at {
			got = value
		}
		return nil
	}); err != nil {
		return err
	}
	if !bytes.Equal(got, digests[mebibytes]) {
		return fmt.Errorf("the server computed the SHA-256 %x, expected %x", got, digests[mebibytes])
	}
	return nil
}

// field encodes a message with one length-delimited field.
func field(number int, value []byte) []byte {
	message := binary.AppendUvarint([]byte{byte(number<<3 | 2)}, uint64(len(value)))
	return append(message, value...)
}
