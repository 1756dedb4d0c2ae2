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

// The folder of the peer's files, made by the first.
var storedFolder string

// NewStored begins a file. It takes the place of the one before it when it is finished.
func NewStored() (*Stored, error) {
	if storedFolder == "" {
		folder, err := os.MkdirTemp("", "bench-stored-")
		if err != nil {
			return nil, err
		}
		storedFolder = folder
	}
	file, err := os.CreateTemp(storedFolder, "upload-")
	if err != nil {
		return nil, err
	}
	return &Stored{file: file, sum: sha256.New(), folder: storedFolder}, nil
}

// Append takes bytes.
func (s *Stored) Append(chunk []byte) error {
	s.Bytes += int64(len(chunk))
	s.sum.Write(chunk)
	_, err := s.file.Write(chunk)
	return err
}

// Finish makes the file safe under its last name. An empty one leaves nothing behind, nor what was stored before.
func (s *Stored) Finish() ([]byte, error) {
	if s.Bytes == 0 {
		return s.sum.Sum(nil), os.RemoveAll(s.folder)
	}
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

// Close lets go of the file.
func (s *Stored) Close() {
	s.file.Close()
	if s.Bytes == 0 {
		storedFolder = ""
	}
}
