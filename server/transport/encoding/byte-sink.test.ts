import { describe, expect, test } from "vitest";
import { ByteSink } from "./byte-sink.ts";

describe("ByteSink", () => {
  test("grows on demand, at least to twice its size, and keeps its bytes", () => {
    const sink = new ByteSink(4);
    sink.buffer.write("abcd");
    sink.position = 4;
    sink.ensure(1);
    expect(sink.buffer.length).toBe(8);
    sink.ensure(100);
    expect(sink.buffer.length).toBe(104);
    expect(sink.buffer.toString("latin1", 0, sink.position)).toBe("abcd");
  });

  test("keeps its memory while there is space", () => {
    const sink = new ByteSink(4);
    const memory = sink.buffer;
    sink.position = 3;
    sink.ensure(1);
    expect(sink.buffer).toBe(memory);
  });

  test("grows from an empty memory", () => {
    const sink = new ByteSink(0);
    sink.ensure(3);
    expect(sink.buffer.length).toBe(3);
  });

  test("has one memory for bytes and numbers, also after a replacement, and if the memory is pooled", () => {
    const sink = new ByteSink(8);
    sink.buffer = Buffer.from([1, 2, 3, 4]);
    expect(sink.view.getUint32(0)).toBe(0x01020304);
    sink.position = 4;
    sink.ensure(4);
    sink.view.setUint32(4, 0x05060708);
    expect([...sink.buffer]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
