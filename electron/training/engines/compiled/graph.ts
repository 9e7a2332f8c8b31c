// A TensorFlow graph as plain data: nodes by name, tensors named `node:output`, and what is known of each tensor.

/** TensorFlow's numbers of data types (types.proto). */
export const DTYPES = { float32: 1, int32: 3, string: 7, bool: 10, bfloat16: 14, uint16: 17, resource: 20 } as const;
export type GraphDtype = keyof typeof DTYPES;

/** What is known of a tensor before it is computed. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: GraphDtype;
}

/** A value of an attribute, by the field of AttrValue (attr_value.proto) that holds it. */
export type Attribute =
  | { readonly kind: "type"; readonly value: GraphDtype }
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "shape"; readonly value: readonly number[] }
  | { readonly kind: "tensor"; readonly value: ConstantValue };

/** A constant; one that repeats a single value holds it once. */
export interface ConstantValue extends TensorSpec {
  /** Little-endian values in row-major order. */
  readonly bytes: Uint8Array;
}

export interface GraphNode {
  readonly name: string;
  /** TensorFlow's name of the operation. */
  readonly op: string;
  /** Tensors as `name:output`, then `^name` for nodes that must have run before. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Nodes in an order in which each comes after its inputs, and the specification of every tensor. */
export interface Graph {
  readonly nodes: GraphNode[];
  readonly tensors: Map<string, TensorSpec>;
}

/** The node of a tensor's name. */
export const nodeOf = (tensor: string): string => tensor.slice(0, tensor.lastIndexOf(":"));

export const sizeOf = ({ shape }: Pick<TensorSpec, "shape">): number => shape.reduce((product, side) => product * side, 1);
