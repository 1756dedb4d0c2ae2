package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"bourse/interop/gen/pcbook"
)

var classicLaptopCases = []testCase{
	{name: "create-laptop", run: createsLaptops},
	{name: "create-laptop-refused", run: refusesLaptops},
	{name: "search-laptop", run: searchesLaptops},
	{name: "rate-laptop", run: ratesLaptops},
	{name: "upload-image", run: uploadsImages},
	{name: "upload-image-refused", run: refusesImages},
	{name: "upload-image-cancel", run: func(ctx context.Context) {
		id := must(createLaptop(ctx, newLaptop("Go canceled", 1)))
		ctx, cancel := context.WithCancel(ctx)
		stream := must(pcbook.NewLaptopServiceClient(dialClassic()).UploadImage(ctx))
		mustNot(stream.Send(infoOf(id, "png")))
		mustNot(stream.Send(chunkOf(pngImage())))
		cancel()
		_, err := stream.CloseAndRecv()
		failedClassic(err, codes.Canceled, "")
	}},
}

const nobody = "00000000-0000-4000-8000-000000000000"

// newLaptop returns a laptop with all fields.
func newLaptop(name string, price float64) *pcbook.Laptop {
	memory := func(value uint64, unit pcbook.Memory_Unit) *pcbook.Memory {
		return &pcbook.Memory{Value: value, Unit: unit}
	}
	return &pcbook.Laptop{
		Brand: "Interop",
		Name:  name,
		Cpu:   &pcbook.CPU{Brand: "Intel", Name: "Core i9-9980HK", NumberCores: 8, NumberThreads: 16, MinGhz: 2.4, MaxGhz: 5},
		Ram:   memory(64, pcbook.Memory_GIGABYTE),
		Gpus:  []*pcbook.GPU{{Brand: "NVIDIA", Name: "RTX 2070", MinGhz: 1.1, MaxGhz: 1.9, Memory: memory(6, pcbook.Memory_GIGABYTE)}},
		Storages: []*pcbook.Storage{
			{Driver: pcbook.Storage_SSD, Memory: memory(512, pcbook.Memory_GIGABYTE)},
			{Driver: pcbook.Storage_HDD, Memory: memory(2, pcbook.Memory_TERABYTE)},
		},
		Screen: &pcbook.Screen{
			SizeInch:   15.6,
			Resolution: &pcbook.Screen_Resolution{Width: 3840, Height: 2160},
			Panel:      pcbook.Screen_OLED,
			Multitouch: true,
		},
		Keyboard:    &pcbook.Keyboard{Layout: pcbook.Keyboard_QWERTZ, Backlit: true},
		Weight:      &pcbook.Laptop_WeightKg{WeightKg: 1.9},
		PriceUsd:    price,
		ReleaseYear: 2026,
		UpdatedAt:   timestamppb.Now(),
	}
}

func createLaptop(ctx context.Context, laptop *pcbook.Laptop) (string, error) {
	answer, err := pcbook.NewLaptopServiceClient(dialClassic()).CreateLaptop(ctx, &pcbook.CreateLaptopRequest{Laptop: laptop})
	return answer.GetId(), err
}

func createsLaptops(ctx context.Context) {
	id := must(createLaptop(ctx, newLaptop("Go 1", 1999.99)))
	expect("length of an id", len(id), 36)
	chosen := newLaptop("Go 2", 2417.839202874)
	chosen.Id = "7C9E6679-7425-40DE-944B-E07FC1F90AE7"
	expect("chosen id", must(createLaptop(ctx, chosen)), strings.ToLower(chosen.Id))
	_, err := createLaptop(ctx, chosen)
	failedClassic(err, codes.AlreadyExists, strings.ToLower(chosen.Id))
}

func refusesLaptops(ctx context.Context) {
	malformed := newLaptop("Go 3", 1)
	malformed.Id = "invalid"
	negative := newLaptop("Go 4", -1)
	unnamed := newLaptop("", 1)
	for field, laptop := range map[string]*pcbook.Laptop{"id": malformed, "price_usd": negative, "name": unnamed} {
		_, err := createLaptop(ctx, laptop)
		failedClassic(err, codes.InvalidArgument, field)
	}
	_, err := createLaptop(ctx, nil)
	failedClassic(err, codes.InvalidArgument, "laptop")
}

func searchesLaptops(ctx context.Context) {
	// A price like those of the tutorial, with more decimals than Money.
	const price = 2417.8392028741123
	laptop := newLaptop("Go searched", price)
	laptop.Cpu.NumberCores = 77
	laptop.Id = must(createLaptop(ctx, laptop))
	find := func(maxPrice float64, ram *pcbook.Memory) []*pcbook.SearchLaptopResponse {
		filter := &pcbook.Filter{MaxPriceUsd: maxPrice, MinCpuCores: 77, MinCpuGhz: 2.4, MinRam: ram}
		client := pcbook.NewLaptopServiceClient(dialClassic())
		return receiveAll(must(client.SearchLaptop(ctx, &pcbook.SearchLaptopRequest{Filter: filter})))
	}
	found := find(price, &pcbook.Memory{Value: 64 << 10, Unit: pcbook.Memory_MEGABYTE})
	expect("laptops found", len(found), 1)
	got := found[0].GetLaptop()
	expect("price", got.GetPriceUsd(), price)
	expect("time is the server's", got.GetUpdatedAt().GetSeconds() > 0, true)
	got.UpdatedAt = laptop.UpdatedAt
	if !proto.Equal(got, laptop) {
		fail("laptop: got %v, want %v", got, laptop)
	}
	expect("with more RAM", len(find(price, &pcbook.Memory{Value: 65, Unit: pcbook.Memory_GIGABYTE})), 0)
	expect("cheaper", len(find(2417, nil)), 0)
}

func ratesLaptops(ctx context.Context) {
	id := must(createLaptop(ctx, newLaptop("Go rated", 1)))
	stream := must(pcbook.NewLaptopServiceClient(dialClassic()).RateLaptop(ctx))
	for at, want := range []struct{ score, average float64 }{{8, 8}, {7.5, 7.75}, {10, 8.5}} {
		mustNot(stream.Send(&pcbook.RateLaptopRequest{LaptopId: id, Score: want.score}))
		rated := must(stream.Recv())
		expect("laptop", rated.GetLaptopId(), id)
		expect("count", rated.GetRatedCount(), uint32(at+1))
		expect("average", rated.GetAverageScore(), want.average)
	}
	mustNot(stream.Send(&pcbook.RateLaptopRequest{LaptopId: nobody, Score: 5}))
	failedClassic(endOfClassic(stream), codes.NotFound, nobody)
}

func uploadsImages(ctx context.Context) {
	id := must(createLaptop(ctx, newLaptop("Go pictured", 1)))
	for imageType, bytes := range map[string][]byte{"png": pngImage(), ".PNG": pngImage(), "jpg": jpegImage(), ".jpeg": jpegImage()} {
		uploaded := must(uploadImage(ctx, infoOf(id, imageType), chunksOf(bytes, 64)...))
		expect("size", uploaded.GetSize(), uint32(len(bytes)))
		expect("downloaded", download(ctx, uploaded.GetId()), bytes)
	}
}

func refusesImages(ctx context.Context) {
	id := must(createLaptop(ctx, newLaptop("Go not pictured", 1)))
	image := chunkOf(pngImage())
	refused := func(code codes.Code, text string, first *pcbook.UploadImageRequest, rest ...*pcbook.UploadImageRequest) {
		_, err := uploadImage(ctx, first, rest...)
		failedClassic(err, code, text)
	}
	refused(codes.NotFound, nobody, infoOf(nobody, "png"), image)
	refused(codes.InvalidArgument, "info", image)
	refused(codes.InvalidArgument, "is empty", infoOf(id, "png"))
	refused(codes.InvalidArgument, "image/png", infoOf(id, "jpg"), image)
	refused(codes.InvalidArgument, "unknown type", infoOf(id, "../../etc/passwd"), image)
	refused(codes.InvalidArgument, "1048576", infoOf(id, "png"), chunksOf(make([]byte, 1<<20+1), 1<<16)...)
}

func uploadImage(ctx context.Context, first *pcbook.UploadImageRequest, rest ...*pcbook.UploadImageRequest) (*pcbook.UploadImageResponse, error) {
	stream := must(pcbook.NewLaptopServiceClient(dialClassic()).UploadImage(ctx))
	for _, request := range append([]*pcbook.UploadImageRequest{first}, rest...) {
		// The server does not read after it has responded. The response contains the reason.
		if err := stream.Send(request); errors.Is(err, io.EOF) {
			break
		} else {
			mustNot(err)
		}
	}
	return stream.CloseAndRecv()
}

// download requests a file over HTTP, like a browser.
func download(ctx context.Context, id string) []byte {
	url := fmt.Sprintf("http://%s/uploads/%s", mustGet("INTEROP_BOURSE"), id)
	response := must(http.DefaultClient.Do(must(http.NewRequestWithContext(ctx, http.MethodGet, url, nil))))
	defer response.Body.Close()
	expect("status of "+url, response.StatusCode, http.StatusOK)
	return must(io.ReadAll(response.Body))
}

func infoOf(laptopID, imageType string) *pcbook.UploadImageRequest {
	info := &pcbook.ImageInfo{LaptopId: laptopID, ImageType: imageType}
	return &pcbook.UploadImageRequest{Data: &pcbook.UploadImageRequest_Info{Info: info}}
}

func chunkOf(data []byte) *pcbook.UploadImageRequest {
	return &pcbook.UploadImageRequest{Data: &pcbook.UploadImageRequest_ChunkData{ChunkData: data}}
}

func chunksOf(data []byte, size int) []*pcbook.UploadImageRequest {
	var chunks []*pcbook.UploadImageRequest
	for from := 0; from < len(data); from += size {
		chunks = append(chunks, chunkOf(data[from:min(from+size, len(data))]))
	}
	return chunks
}

// picture is an image of 16 by 12 pixels.
func picture() image.Image {
	drawn := image.NewRGBA(image.Rect(0, 0, 16, 12))
	for at := range 16 * 12 {
		drawn.Set(at%16, at/16, color.RGBA{uint8(at), 100, 200, 255})
	}
	return drawn
}

func pngImage() []byte {
	var encoded bytes.Buffer
	mustNot(png.Encode(&encoded, picture()))
	return encoded.Bytes()
}

func jpegImage() []byte {
	var encoded bytes.Buffer
	mustNot(jpeg.Encode(&encoded, picture(), nil))
	return encoded.Bytes()
}
