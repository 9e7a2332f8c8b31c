// A graph as the bytes of a SavedModel (saved_model.proto, meta_graph.proto, graph.proto, node_def.proto, attr_value.proto, tensor.proto).
import { type Attribute, type ConstantValue, DTYPES, type GraphNode } from "./graph.ts";
import { MessageWriter } from "./protobuf.ts";

/** The tag under which the graph is loaded. */
export const TAG = "train";
/** TensorFlow 2.13's; newer ones read it. It says which defaults and checks apply to the graph. */
const PRODUCER = 1482;

/** The contents of `saved_model.pb`. It has no variables' values: the graph assigns them. */
export function encodeSavedModel(nodes: readonly GraphNode[]): Uint8Array {
  const graph = new MessageWriter();
  for (const node of nodes) graph.message(1, nodeMessage(node));
  graph.message(4, new MessageWriter().integer(1, PRODUCER));
  const metaGraph = new MessageWriter().message(1, new MessageWriter().text(4, TAG)).message(2, graph);
  return new MessageWriter().integer(1, 1).message(2, metaGraph).finish();
}

function nodeMessage({ name, op, inputs, attributes }: GraphNode): MessageWriter {
  const message = new MessageWriter().text(1, name).text(2, op);
  for (const input of inputs) message.text(3, input.endsWith(":0") ? input.slice(0, -2) : input);
  for (const key of Object.keys(attributes).sort())
    message.message(5, new MessageWriter().text(1, key).message(2, attributeMessage(attributes[key]!)));
  return message;
}

function attributeMessage(attribute: Attribute): MessageWriter {
  const message = new MessageWriter();
  switch (attribute.kind) {
    case "text":
      return message.text(2, attribute.value);
    case "int":
      return message.integer(3, attribute.value);
    case "float":
      return message.float(4, attribute.value);
    case "bool":
      return message.integer(5, attribute.value);
    case "type":
      return message.integer(6, DTYPES[attribute.value]);
    case "shape":
      return message.message(7, shapeMessage(attribute.value));
    case "tensor":
      return message.message(8, tensorMessage(attribute.value));
    case "ints":
      return message.message(1, new MessageWriter().integers(3, attribute.value));
    case "floats":
      return message.message(1, new MessageWriter().floats(4, attribute.value));
  }
}

function shapeMessage(shape: readonly number[]): MessageWriter {
  const message = new MessageWriter();
  for (const side of shape) message.message(2, new MessageWriter().integer(1, side));
  return message;
}

/** Values of the first element alone stand for all: the typed fields (float_val 5, int_val 7, bool_val 11) repeat their last value. */
function tensorMessage({ shape, dtype, bytes }: ConstantValue): MessageWriter {
  const message = new MessageWriter().integer(1, DTYPES[dtype]).message(2, shapeMessage(shape));
  const isWhole = bytes.length === shape.reduce((product, side) => product * side, BYTES[dtype] ?? 0);
  if (isWhole) return message.bytes(4, bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (dtype === "float32") return message.float(5, view.getFloat32(0, true));
  if (dtype === "int32") return message.integer(7, view.getInt32(0, true));
  return message.integer(11, bytes[0]!);
}

const BYTES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1 };
