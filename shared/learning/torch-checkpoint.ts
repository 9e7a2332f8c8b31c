// Weights out of PyTorch's own files (`torch.save`, 1.6 and later: a zip with a pickle and the tensors' bytes). Nothing of the pickle is run.
import { AppError } from "../domain/errors.ts";
import { decodeFloats, FLOAT_BYTES, type FloatType } from "./float-types.ts";
import { Global, OPAQUE, unpickle } from "./pickle.ts";
import type { StoredTensor } from "./weights.ts";
import { readZip } from "./zip.ts";

/** Storages whose tensors are weights; those of whole numbers and truth values are counters and masks. */
const STORAGES: Readonly<Record<string, FloatType>> = {
  "torch.FloatStorage": "F32",
  "torch.HalfStorage": "F16",
  "torch.BFloat16Storage": "BF16",
  "torch.DoubleStorage": "F64",
};

interface Storage {
  readonly type: FloatType;
  readonly bytes: Uint8Array;
}

/** A tensor that lies in a storage by its strides. */
interface View {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Python that turns a file which is not read here into one that is. */
const CONVERT =
  'in Python, `from safetensors.torch import save_file` and `save_file({k: v.contiguous() for k, v in torch.load("in.pth", weights_only=True).items()}, "out.safetensors")`';

/** Whether the bytes start as a file of `torch.save`, of whatever version. */
export function isTorchCheckpoint(bytes: Uint8Array): boolean {
  return startsAsZip(bytes) || startsAsPickle(bytes);
}

const startsAsZip = (bytes: Uint8Array) => bytes[0] === 0x50 && bytes[1] === 0x4b;
const startsAsPickle = (bytes: Uint8Array) => bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5;

/**
 * The float tensors of a file in PyTorch's layout. Names of nested dicts are joined by dots: `state_dict.conv1.weight`.
 * @throws AppError BAD_FILE for what is no whole file, UNSUPPORTED for PyTorch's format before 1.6
 */
export function decodeTorchCheckpoint(bytes: Uint8Array): Map<string, StoredTensor> {
  if (!startsAsZip(bytes))
    throw new AppError(
      "UNSUPPORTED",
      `this PyTorch file has the format from before PyTorch 1.6, which is not read. Convert it: ${CONVERT}.`,
    );
  try {
    return readTensors(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw bad(error.message, error);
    throw error;
  }
}

function readTensors(bytes: Uint8Array): Map<string, StoredTensor> {
  const files = readZip(bytes);
  const pickle = [...files.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) throw bad("it has no data.pkl");
  const folder = pickle.slice(0, -"data.pkl".length);
  const order = files.get(`${folder}byteorder`);
  if (order && new TextDecoder().decode(order) !== "little")
    throw new AppError("UNSUPPORTED", `this PyTorch file was written on a big-endian machine. Convert it: ${CONVERT}.`);

  const value = unpickle(files.get(pickle)!, {
    call(name, args) {
      if (name === "collections.OrderedDict") return new Map();
      if (name === "torch._utils._rebuild_tensor_v2") return viewOf(args);
      if (name === "torch._utils._rebuild_parameter") return args[0];
      return OPAQUE;
    },
    persistent(id) {
      const [kind, storage, key] = Array.isArray(id) ? (id as unknown[]) : [];
      const type = storage instanceof Global ? STORAGES[storage.name] : undefined;
      if (kind !== "storage" || type === undefined) return OPAQUE;
      const stored = files.get(`${folder}data/${String(key)}`);
      if (!stored) throw new RangeError(`it has no storage ${String(key)}`);
      return { type, bytes: stored } satisfies Storage;
    },
  });

  const tensors = new Map<string, StoredTensor>();
  const seen = new Set<unknown>();
  let left = bytes.length; // values; more can only come of tensors that share storages without end
  const collect = (found: unknown, name: string): void => {
    if (found instanceof Map && !seen.has(found)) {
      seen.add(found);
      for (const [key, inner] of found) collect(inner, name === "" ? String(key) : `${name}.${String(key)}`);
    } else if (isView(found)) {
      left -= found.shape.reduce((product, side) => product * side, 1);
      if (left < 0) throw new RangeError("its tensors are larger than the file");
      tensors.set(name, contiguous(found));
    }
  };
  collect(value, "");
  return tensors;
}

/** @param args of `_rebuild_tensor_v2`: storage, offset, size, stride, ... */
function viewOf([storage, offset, shape, strides]: readonly unknown[]): View | typeof OPAQUE {
  if (storage === OPAQUE) return OPAQUE;
  if (!isStorage(storage) || !isSizes([offset]) || !isSizes(shape) || !isSizes(strides) || shape.length !== strides.length)
    throw new RangeError("it has a tensor without storage, size or strides");
  if (shape.length > 8) throw new RangeError(`it has a tensor of ${shape.length} axes`);
  return { storage, offset: offset as number, shape, strides };
}

const isStorage = (value: unknown): value is Storage => typeof value === "object" && value !== null && "bytes" in value && "type" in value;
const isView = (value: unknown): value is View => typeof value === "object" && value !== null && "storage" in value && "strides" in value;
const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);

/** The values in row-major order. */
function contiguous({ storage, offset, shape, strides }: View): StoredTensor {
  const size = FLOAT_BYTES[storage.type];
  const count = shape.reduce((product, side) => product * side, 1);
  const last = count === 0 ? offset - 1 : shape.reduce((at, side, axis) => at + (side - 1) * strides[axis]!, offset);
  if ((last + 1) * size > storage.bytes.length) throw new RangeError("it has a tensor beyond the end of its storage");
  const values = decodeFloats(storage.bytes.subarray(offset * size, (last + 1) * size), storage.type);
  const packed = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
  if (shape.every((side, axis) => side === 1 || strides[axis] === packed[axis])) return { dtype: "float32", shape, data: values };
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let from = 0;
    for (let axis = 0; axis < shape.length; axis++) from += (Math.floor(i / packed[axis]!) % shape[axis]!) * strides[axis]!;
    data[i] = values[from]!;
  }
  return { dtype: "float32", shape, data };
}

function bad(what: string, cause?: unknown): AppError {
  return new AppError("BAD_FILE", `this is not a whole PyTorch file: ${what}. Use another copy, or convert it: ${CONVERT}.`, { cause });
}
