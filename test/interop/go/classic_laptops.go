package main

import (
	"context"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"bourse/interop/gen/pcbook"
)

// newLaptop returns a laptop with everything that a laptop has.
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
