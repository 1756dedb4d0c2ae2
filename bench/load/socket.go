package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const socketServerWorkload = "socket-server"

// The size of a read. Larger reads are no faster.
const socketReadBytes = 256 << 10

// socket stores a file through a server without a protocol: a second process of this program, which runs on the core of
// the measured server. Its rate is the upper bound for a server that receives, hashes and writes one after the other.
func socket(with settings) (result, error) {
	child, address, err := startSocketServer(with.pid)
	if err != nil {
		return result{}, err
	}
	defer func() {
		child.Process.Kill()
		child.Wait()
	}()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return result{}, err
	}
	defer connection.Close()
	warm := with.size / warmShare
	computeDigests(warm, with.size)
	for began := time.Now(); time.Since(began) < with.warm; {
		if err := storeBySocket(connection, warm); err != nil {
			return result{}, err
		}
	}
	running := startMeter(child.Process.Pid)
	if err := storeBySocket(connection, with.size); err != nil {
		return result{}, err
	}
	return result{span: running.stop(child.Process.Pid, float64(with.size)*mebibyte/bytesInAMega)}, nil
}

func storeBySocket(connection net.Conn, mebibytes int) error {
	piece := bytes.Repeat(chunkMessage()[4:], mebibyte/chunkBytes)
	if _, err := fmt.Fprintln(connection, mebibytes*mebibyte); err != nil {
		return err
	}
	for range mebibytes {
		if _, err := connection.Write(piece); err != nil {
			return err
		}
	}
	got := make([]byte, sha256.Size)
	if _, err := io.ReadFull(connection, got); err != nil {
		return err
	}
	if !bytes.Equal(got, digests[mebibytes]) {
		return errors.New("the SHA-256 of the socket server differs from that of the file")
	}
	return nil
}

func startSocketServer(likePid int) (*exec.Cmd, string, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", likePid))
	if err != nil {
		return nil, "", err
	}
	cores := regexp.MustCompile(`(?m)^Cpus_allowed_list:\s*(\S+)$`).FindSubmatch(status)
	if cores == nil {
		return nil, "", fmt.Errorf("the status of process %d has no list of cores", likePid)
	}
	child := exec.Command("taskset", "--cpu-list", string(cores[1]), os.Args[0], "--workload="+socketServerWorkload)
	child.Stderr = os.Stderr
	// The child ends when this process ends, because its standard input closes.
	if _, err := child.StdinPipe(); err != nil {
		return nil, "", err
	}
	out, err := child.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := child.Start(); err != nil {
		return nil, "", err
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	return child, strings.TrimSpace(address), err
}

// socketServer receives files one after another on one connection: a line with the size, then the bytes. After each
// file is synced to the disk, it sends the SHA-256.
func socketServer(settings) (result, error) {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return result{}, err
	}
	fmt.Println(listener.Addr())
	connection, err := listener.Accept()
	if err != nil {
		return result{}, err
	}
	reader := bufio.NewReaderSize(connection, socketReadBytes)
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return result{}, nil
		}
		size, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return result{}, err
		}
		sum, err := receiveFile(reader, size)
		if err != nil {
			return result{}, err
		}
		if _, err := connection.Write(sum); err != nil {
			return result{}, err
		}
	}
}

func receiveFile(from io.Reader, size int) ([]byte, error) {
	file, err := os.CreateTemp("", "bench-socket-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	sum := sha256.New()
	buffer := make([]byte, socketReadBytes)
	for left := size; left > 0; {
		count, err := from.Read(buffer[:min(left, len(buffer))])
		if err != nil {
			return nil, err
		}
		sum.Write(buffer[:count])
		if _, err := file.Write(buffer[:count]); err != nil {
			return nil, err
		}
		left -= count
	}
	return sum.Sum(nil), file.Sync()
}
