package main

import (
	"os"
	"sync"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

var descriptors = sync.OnceValue(func() *protoregistry.Files {
	set := new(descriptorpb.FileDescriptorSet)
	mustNot(proto.Unmarshal(must(os.ReadFile(mustGet("INTEROP_DESCRIPTORS"))), set))
	return must(protodesc.NewFiles(set))
})

// methodOf finds a method by its full name, for example "test.wire.v1.WireService.Unary".
func methodOf(name string) protoreflect.MethodDescriptor {
	return must(descriptors().FindDescriptorByName(protoreflect.FullName(name))).(protoreflect.MethodDescriptor)
}

// pathOf returns the path of a method, for example "/test.wire.v1.WireService/Unary".
func pathOf(method protoreflect.MethodDescriptor) string {
	return "/" + string(method.Parent().FullName()) + "/" + string(method.Name())
}

// fromJSON creates a request of a method.
func fromJSON(method protoreflect.MethodDescriptor, json string) *dynamicpb.Message {
	request := dynamicpb.NewMessage(method.Input())
	mustNot(protojson.Unmarshal([]byte(json), request))
	return request
}

// wireRequest creates a request of the wire service.
func wireRequest(method protoreflect.MethodDescriptor, scenario, text string) *dynamicpb.Message {
	request := dynamicpb.NewMessage(method.Input())
	setText(request, "scenario", scenario)
	setText(request, "text", text)
	return request
}

func setText(message *dynamicpb.Message, field protoreflect.Name, text string) {
	message.Set(message.Descriptor().Fields().ByName(field), protoreflect.ValueOfString(text))
}

// get returns the value at a path of fields.
func get(message protoreflect.Message, path ...protoreflect.Name) protoreflect.Value {
	value := message.Get(message.Descriptor().Fields().ByName(path[0]))
	if len(path) == 1 {
		return value
	}
	return get(value.Message(), path[1:]...)
}

// textOf returns the text of a response of the wire service.
func textOf(response *dynamicpb.Message) string {
	return get(response, "text").String()
}

// sizeOf returns the size of a message in bytes.
func sizeOf(message *dynamicpb.Message) int { return proto.Size(message) }
