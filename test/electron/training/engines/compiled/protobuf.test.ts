import { describe, expect, it } from "vitest";
import { MessageWriter } from "../../../../../electron/training/engines/compiled/protobuf.ts";

const bytes = (message: MessageWriter) => [...message.finish()];

// The examples of the encoding's specification (protobuf.dev/programming-guides/encoding).
describe("a message", () => {
  it("has its integers in groups of seven bits", () => {
    expect(bytes(new MessageWriter().integer(1, 150))).toEqual([0x08, 0x96, 0x01]);
    expect(bytes(new MessageWriter().integer(1, 0))).toEqual([0x08, 0x00]);
    expect(bytes(new MessageWriter().integer(1, true))).toEqual([0x08, 0x01]);
    expect(bytes(new MessageWriter().integer(1, -2))).toEqual([0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    expect(bytes(new MessageWriter().integer(1, 2 ** 40))).toEqual([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
  });

  it("has texts and messages by their length", () => {
    expect(bytes(new MessageWriter().text(2, "testing"))).toEqual([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
    expect(bytes(new MessageWriter().message(3, new MessageWriter().integer(1, 150)))).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
  });

  it("packs repeated numbers", () => {
    expect(bytes(new MessageWriter().integers(6, [3, 270, 86942]))).toEqual([0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]);
    expect(bytes(new MessageWriter().floats(1, [1]))).toEqual([0x0a, 0x04, 0x00, 0x00, 0x80, 0x3f]);
  });

  it("has field numbers beyond 15 in two bytes", () => {
    expect(bytes(new MessageWriter().float(16, -2))).toEqual([0x85, 0x01, 0x00, 0x00, 0x00, 0xc0]);
  });
});
