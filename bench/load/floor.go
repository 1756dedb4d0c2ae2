package main

import (
	"crypto/sha256"
	"os"
)

// floor measures SHA-256, and writing to the disk with a sync, on this machine. Returns the slower of the two.
func floor(with settings) (result, error) {
	chunk := chunkMessage()[4:]
	count := with.size * mebibyte / len(chunk)
	megabytes := float64(count*len(chunk)) / bytesInAMega
	running := startMeter(os.Getpid())
	sum := sha256.New()
	for range count {
		sum.Write(chunk)
	}
	hashing := running.stop(os.Getpid(), megabytes)
	file, err := os.CreateTemp("", "bench-floor-")
	if err != nil {
		return result{}, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	running = startMeter(os.Getpid())
	for range count {
		if _, err := file.Write(chunk); err != nil {
			return result{}, err
		}
	}
	if err := file.Sync(); err != nil {
		return result{}, err
	}
	writing := running.stop(os.Getpid(), megabytes)
	if hashing.Seconds > writing.Seconds {
		return result{span: hashing}, nil
	}
	return result{span: writing}, nil
}
