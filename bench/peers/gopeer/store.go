package gopeer

import (
	"crypto/sha256"
	"hash"
	"os"
	"path/filepath"
)

// Stored is a received file. It is hashed while it is written, and durable after Finish.
type Stored struct {
	Bytes  int64
	file   *os.File
	sum    hash.Hash
	folder string
}

// NewStored creates a temporary file. Finish replaces the previously stored file with it.
func NewStored() (*Stored, error) {
	folder := os.Getenv("BENCH_FOLDER")
	file, err := os.CreateTemp(folder, "upload-")
	if err != nil {
		return nil, err
	}
	return &Stored{file: file, sum: sha256.New(), folder: folder}, nil
}

// Append hashes and writes a chunk.
func (s *Stored) Append(chunk []byte) error {
	s.Bytes += int64(len(chunk))
	s.sum.Write(chunk)
	_, err := s.file.Write(chunk)
	return err
}

// Finish syncs the file, renames it to its final name, and returns the SHA-256.
func (s *Stored) Finish() ([]byte, error) {
	if err := s.file.Sync(); err != nil {
		return nil, err
	}
	if err := os.Rename(s.file.Name(), filepath.Join(s.folder, "stored")); err != nil {
		return nil, err
	}
	folder, err := os.Open(s.folder)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	return s.sum.Sum(nil), folder.Sync()
}

// Close closes the file.
func (s *Stored) Close() {
	s.file.Close()
}
