// Gradients of convolutions' filters as matrix products, where oneDNN's bfloat16 kernel for them is slow: over few pixels (4 x 4: 118 of the 470 ms of a
// ResNet-18's step at 120 px, 20 ms as products), and of 1 x 1 filters everywhere (450 of the 1,230 ms of a ResNet-50's step, 160 ms as products).
import type { Attribute, Graph, GraphNode, TensorSpec } from "./graph.ts";

/** Up to so many pixels of the result a product is faster, whatever the filter. */
const FEW_PIXELS = 64;

/** Rewrites the filters' gradients in bfloat16 that are faster as products. Names of results stay. */
export function multiplyGradients({ nodes, tensors }: Graph): Graph {
  const result: GraphNode[] = [];
  const specs = new Map(tensors);

  function add(name: string, op: string, inputs: readonly string[], attributes: GraphNode["attributes"], spec: TensorSpec): string {
    result.push({ name, op, inputs, attributes });
    specs.set(`${name}:0`, spec);
    return `${name}:0`;
  }

  const type = (value: TensorSpec["dtype"]): Attribute => ({ kind: "type", value });

  function reshape(name: string, x: string, shape: readonly number[], dtype: TensorSpec["dtype"]): string {
    const spec: TensorSpec = { shape: [shape.length], dtype: "int32" };
    const value = { ...spec, bytes: new Uint8Array(Int32Array.from(shape).buffer) };
    const target = add(`${name}_shape`, "Const", [], { dtype: type("int32"), value: { kind: "tensor", value } }, spec);
    return add(name, "Reshape", [x, target], { T: type(dtype), Tshape: type("int32") }, { shape, dtype });
  }

  for (const node of nodes) {
    const [x, , dy] = node.inputs;
    const [from, slope, filter] = [tensors.get(x ?? ""), tensors.get(dy ?? ""), tensors.get(`${node.name}:0`)];
    if (node.op !== "Conv2DBackpropFilter" || !from || !slope || !filter || !isFasterAsProduct(node, slope, filter)) {
      result.push(node);
      continue;
    }
    const { dtype } = slope;
    const [height, width, channels, outputs] = filter.shape as [number, number, number, number];
    const [count, rows, columns] = slope.shape as [number, number, number, number];
    const taps = height * width * channels;
    const isPoint = height === 1 && width === 1 && from.shape[1] === rows && from.shape[2] === columns;
    const patchAttributes: GraphNode["attributes"] = {
      T: type(dtype),
      ksizes: { kind: "ints", value: [1, height, width, 1] },
      strides: node.attributes.strides!,
      rates: { kind: "ints", value: [1, 1, 1, 1] },
      padding: node.attributes.padding!,
    };
    const shape = [count, rows, columns, taps];
    const patches = isPoint ? x! : add(`${node.name}/patches`, "ExtractImagePatches", [x!], patchAttributes, { shape, dtype });
    const left = reshape(`${node.name}/left`, patches, [count * rows * columns, taps], dtype);
    const right = reshape(`${node.name}/right`, dy!, [count * rows * columns, outputs], dtype);
    const matMulAttributes: GraphNode["attributes"] = {
      T: type(dtype),
      transpose_a: { kind: "bool", value: true },
      transpose_b: { kind: "bool", value: false },
    };
    const product = add(`${node.name}/product`, "MatMul", [left, right], matMulAttributes, { shape: [taps, outputs], dtype });
    reshape(node.name, product, filter.shape, dtype);
  }
  return { nodes: result, tensors: specs };
}

function isFasterAsProduct({ attributes }: GraphNode, { shape, dtype }: TensorSpec, filter: TensorSpec): boolean {
  const { padding } = attributes;
  const isPlain = padding?.kind === "text" && padding.value !== "EXPLICIT";
  const isPoint = filter.shape[0] === 1 && filter.shape[1] === 1;
  return isPlain && dtype === "bfloat16" && (isPoint || shape[1]! * shape[2]! <= FEW_PIXELS);
}
