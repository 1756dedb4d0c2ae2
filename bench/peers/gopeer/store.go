package gopeer

import (
	"crypto/sha256"
	"hash"
	"os"
	"path/filepath"
)

// Stored is a file that comes in: hashed, and safe on the disk once Finish returns.
type Stored struct {
	Bytes  int64
	file   *os.File
	sum    hash.Hash
	folder string
}

// NewStored begins a file. It takes the place of the one before it when it is finished.
func NewStored() (*Stored, error) {
	folder := os.Getenv("BENCH_FOLDER")
	file, err := os.CreateTemp(folder, "upload-")
	if err != nil {
		return nil, err
	}
	return &Stored{file: file, sum: sha256.New(), folder: folder}, nil
}

// Append takes bytes.
func (s *Stored) Append(chunk []byte) error {
	s.Bytes += int64(len(chunk))
	s.sum.Write(chunk)
	_, err := s.file.Write(chunk)
	return err
}

// Finish makes the file safe under its last name.
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
